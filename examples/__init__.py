"""Sites that show the billing card: ``host`` as real sites are, ``plain`` as small as can be."""
