"""A prompt over a table: sent once for each row, paced to the deployment, its answers as columns.

rows: tables of any kind; prompts and plan: what would be sent; estimate: what it costs; pacing: when a request may leave;
running: sending them; outcome: what came of one; file: the answers so far, on disk; columns: the table with its answers;
progress: how far it is; batch: all of it through the Batch API.
"""
