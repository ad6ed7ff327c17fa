"""The callback inbox: where the DSP posts results and alerts [CLIENT].

A server in a process of its own stores each message durably before it acknowledges it; readers in any number
of processes wait for messages in its database.
"""

from target.inbox.config import InboxConfig
from target.inbox.process import InboxProcess
from target.inbox.reader import InboxReader, Message, RefusedMessage
from target.inbox.shared import InboxStatus, SharedInbox

__all__ = [
    "InboxConfig",
    "InboxProcess",
    "InboxReader",
    "InboxStatus",
    "Message",
    "RefusedMessage",
    "SharedInbox",
]
