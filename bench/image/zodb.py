# What the image does in objects.ts and past.ts, done by ZODB, for `npm run bench -- image`:
#   zodb.py about                                   its version, and whether its compiled parts are in use
#   zodb.py objects|cold|past|pack FOLDER COUNT     figures; `cold` reads what `objects` left in FOLDER, in a new process
# Prints one line of JSON. A figure is {"real", "cpu"}: by the clock and by processor time; milliseconds, or how many a second.
# FileStorage as it comes, with its fsync of every commit; but the cache holds all, as the 400 objects that it holds when nothing
# is said would make ZODB slower than it needs to be.
import importlib.metadata
import json
import os
import statistics
import sys
import time

import persistent.persistence
import transaction
import zodbpickle.pickle
from BTrees import OOBTree
from persistent import Persistent
from persistent.mapping import PersistentMapping
from ZODB import DB
from ZODB.FileStorage import FileStorage

A_COMMIT = 1000
ROUNDS = 9


class Prototype(Persistent):
    """An object that inherits: two records, itself and its slots."""

    def __init__(self, parent, slots):
        self.parent = parent
        self.slots = PersistentMapping(slots)


def slots_of(i):
    return {
        "name": "object %d" % i,
        "count": i,
        "note": "a text of forty characters, or thereabout",
        "tags": ["one", "two", "three"],
    }


def about():
    try:
        version = importlib.metadata.version("ZODB")
    except importlib.metadata.PackageNotFoundError:
        version = "of unknown version"
    compiled = (
        Persistent is not persistent.persistence.PersistentPy
        and OOBTree.OOBTree is not OOBTree.OOBTreePy
        and zodbpickle.pickle.Pickler.__module__.endswith("_pickle")
    )
    return {"version": version, "compiled": compiled}


def objects(folder, count):
    db, root = opened(folder)
    everything = root["all"] = OOBTree.OOBTree()
    prototype = root["prototype"] = Prototype(None, {"kind": "object"})
    transaction.commit()

    def make(i):
        everything[i] = Prototype(prototype, slots_of(i))

    made = pace(count, lambda: in_commits(count, make))
    bytes_each = os.path.getsize(db.storage.getName()) / count
    children = root["children"] = OOBTree.OOBTree()
    transaction.commit()

    def add(i):
        children["child %d" % i] = prototype

    added = pace(count, lambda: in_commits(count, add))
    gets = 20_000
    get_many(everything, count, gets)
    warm = pace(gets, lambda: get_many(everything, count, gets))
    db.close()
    return {"made": made, "bytes": {"real": bytes_each}, "added": added, "warm": warm}


def cold(folder, count):
    _, root = opened(folder)
    everything = root["all"]
    gets = 10_000
    return {"cold": pace(gets, lambda: get_many(everything, count, gets))}


def get_many(everything, count, gets):
    for i in range(gets):
        k = (i * 7919) % count
        if everything[k].slots["count"] != k:
            raise ValueError("lost")


def past(folder, revisions):
    db, root = opened(folder)
    thing = root["thing"] = Prototype(None, {"count": 0, "text": "x" * 60})
    transaction.commit()
    for i in range(revisions):
        thing.slots["count"] = i
        transaction.commit()
    figures = {"history": [], "undo": [], "rollback": []}
    for i in range(ROUNDS):
        oid = thing.slots._p_oid
        figures["history"].append(spent(lambda: db.history(oid, size=revisions)))
        newest = db.undoLog(0, 1)[0]["id"]
        figures["undo"].append(spent(lambda: undone(db, newest)))
        other = Prototype(None, {"count": 1})
        root._p_jar.add(other)
        savepoint = transaction.savepoint()
        thing.slots["count"] = -1
        other.slots["count"] = -1
        figures["rollback"].append(spent(savepoint.rollback))
        transaction.abort()
    db.close()
    return {name: middle(several) for name, several in figures.items()}


def undone(db, transaction_id):
    db.undo(transaction_id)
    transaction.commit()


def pack(folder, count):
    db, root = opened(folder)
    kept = root["kept"] = OOBTree.OOBTree()

    def make(i):
        it = Prototype(None, {"name": "object %d" % i, "text": "x" * 60})
        if i % 2 == 0:
            kept[i] = it
        else:
            root._p_jar.add(it)

    in_commits(count, make)
    packed = pace(count, db.pack)
    db.close()
    return {"packed": packed}


def opened(folder):
    db = DB(FileStorage(os.path.join(folder, "Data.fs")), cache_size=1_000_000)
    return db, db.open().root()


def in_commits(count, make):
    for start in range(0, count, A_COMMIT):
        for i in range(start, min(start + A_COMMIT, count)):
            make(i)
        transaction.commit()


def spent(work):
    real, cpu = time.perf_counter(), time.process_time()
    work()
    return {"real": (time.perf_counter() - real) * 1000, "cpu": (time.process_time() - cpu) * 1000}


def pace(count, work):
    return {clock: count / ms * 1000 for clock, ms in spent(work).items()}


def middle(several):
    return {clock: statistics.median(each[clock] for each in several) for clock in several[0]}


part, *told = sys.argv[1:]
figures = {"about": about, "objects": objects, "cold": cold, "past": past, "pack": pack}[part](
    *([told[0], int(told[1])] if told else [])
)
print(json.dumps(figures))
