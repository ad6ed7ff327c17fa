"""SMKI organisation certificates: their profile, the trust in them, and a test PKI."""
