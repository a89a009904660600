"""One module per kind of node: takes artifacts, calls the rooms, gives back a draft.

The rooms know neither the store nor each other; what one made is handed to the next here.
"""
