"""Recordings: what a room's second stream makes is kept on disk, played back, handed out and deleted in time.

A recording is a folder `{data}/recordings/{recording}/`: an index of JSON lines (`index`) and files to which parts
are appended as they come (`writer`). `recorder` follows one room, `archive` knows all folders, `remux` makes the
downloads, `web` answers requests.
"""
