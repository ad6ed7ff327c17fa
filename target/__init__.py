"""The system under test as the harness sees it: target file, service users, inbox, observations."""
