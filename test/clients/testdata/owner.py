# Starts containers that end with its connection, while another connection of the same process stays open. Then does what it
# is told, a line each.
import os
import socket
import sys

import libvirt


def sockets():
    return {int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd) and os.readlink("/proc/self/fd/" + fd).startswith("socket:")}


other = libvirt.open("lxc:///system")
before = sockets()
conn = libvirt.open("lxc:///system")
owned = sockets() - before
for name in sys.argv[1:]:
    conn.lookupByName(name).createWithFlags(libvirt.VIR_DOMAIN_START_AUTODESTROY)
print("started", flush=True)
for line in sys.stdin:
    if line == "close the other\n":
        other.close()
    elif line == "close\n":
        conn.close()
    elif line == "cut\n":
        for fd in owned:
            socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RDWR)
    print("done", flush=True)
