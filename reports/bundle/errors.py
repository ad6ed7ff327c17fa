"""What can be wrong with an evidence bundle, or with what it is to be made of."""


class BundleError(Exception):
    """A bundle cannot be made; the message names the file and says how to mend it."""


class NotABundle(Exception):
    """A file is no evidence bundle, or one of a kind that is not known here; the message names it."""
