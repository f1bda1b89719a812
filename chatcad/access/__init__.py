"""Who may come in: API keys, users' passwords, a proxy's word, and what every HTTP request has to pass.

On loopback without any of these everybody on the machine may; other than loopback nothing is served without them.
"""
