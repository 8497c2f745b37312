"""Every list decided once more on another engine, DuckDB, which shares no code with SQLite.

dialect.py writes the formula for it, decided.py has it decide, compare.py holds the result against what is stored.
"""
