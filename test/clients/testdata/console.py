# The stream of a console, without a terminal: sends a line, and prints what comes until that has the answer.
import sys

import libvirt

conn = libvirt.open("lxc:///system")
dom = conn.lookupByName(sys.argv[1])
stream = conn.newStream()
dom.openConsole(None, stream)
stream.send(b"hello\n")
text = b""
while b"first hello" not in text:
    text += stream.recv(1024)
stream.finish()
print("the stream was finished")

# A second one, which is aborted, and a third while the container ends: its data ends, too.
stream = conn.newStream()
dom.openConsole("console1", stream)
stream.abort()
stream = conn.newStream()
dom.openConsole("console0", stream)
dom.destroy()
while stream.recv(1024):
    pass
stream.finish()
print("the data ended with the container")
