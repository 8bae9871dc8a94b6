"""Things to look at and to move, in JupyterLab and Notebook 7; each has a static form, which a saved notebook keeps.

They hold no logic of their own: what they show is what `tokens`, `catalog` and `vision` say.
"""
