"""Solving the neutral model: profiles, engines, status words; nothing solver-specific leaks out of here."""
