// Compare gives documents to libvirt's LXC driver and to Berth, and prints where their answers differ.
//
// A throw-away host (test/rig/nest) has both: Debian's libvirt, unchanged, of which only the LXC driver is loaded, and
// Berth from this tree. Each definition is defined, printed by dumpxml --inactive and undefined; each configuration of
// LXC is given to domxml-from-native lxc-tools. The answers are compared line by line, but for random UUIDs and MAC
// addresses.
//
// reasons.txt says which differences are intended: each belongs to a row of docs/differences-from-libvirt.md. A
// difference that no reason explains, and a reason that explains nothing, are errors.
package main
