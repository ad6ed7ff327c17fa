"""An inbox that nothing ever comes to, for whoever waits for nothing."""

from __future__ import annotations


class EmptyInbox:
    """Stands in for an `InboxReader` where only synchronous answers are looked at."""

    def last_in(self, *_: object) -> int:
        """Nothing has come."""
        return 0

    last_refused_in = last_in

    def messages(self, *_: object, **__: object) -> tuple[()]:
        """Nothing has come."""
        return ()

    messages_about = messages_about_device = messages_concerning = refused = messages
