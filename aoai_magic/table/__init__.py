"""A prompt over a table: sent once for each row, paced to the deployment, its answers as columns.

mapping       a table in, the table with its answers out; partitions: Dask's, on their cluster
job           from the arguments to the frame
rows          tables of any kind            prompts, plan   what would be sent; estimate: what it costs
running       sending it                    pacing          when a request may leave; outcome: what came of one
file          the answers so far, on disk   runs            those that were cut
batch         all of it through the Batch API
columns       the answers as columns        preview, progress   how the table begins, and how far it is
"""
