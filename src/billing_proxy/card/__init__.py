"""From facts to the card. Pure: no clock, no Stripe, no Flask.

``facts`` are what Stripe said, ``wanted`` is what a reading has to ask for them. ``rules`` decide
the state, with ``pricing`` (what is charged) and ``upcoming`` (what changes); ``notices`` say what
to do. ``meaning`` and ``wording`` have the words, with ``calendar`` for days; ``builder`` puts all
of it on a ``card``, whose ``links`` get their addresses from who gives it out.
"""
