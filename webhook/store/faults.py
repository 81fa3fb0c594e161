"""What can go wrong with the store, as a tree:

StoreFault
├── BadStoreUrl   the address of the store cannot be understood: the operator mends it, before start
└── StoreDown     the store did not answer in time, or cannot take writes: the webhook answers without it
"""


class StoreFault(Exception):
    """Something is wrong with the store."""


class BadStoreUrl(StoreFault, ValueError):
    """The address of the store cannot be understood. The message says how to write it, and never holds a password."""


class StoreDown(StoreFault):
    """The store did not answer in time, or cannot take writes. The person is answered without it."""
