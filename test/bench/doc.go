// Command bench measures Berth beside the other container managers of a Linux host: the start and
// stop of one container, of many, and the memory each costs. `make bench` runs it, from the top of the
// repository and as root.
//
// It installs the Debian packages of the peers that are missing, boots two nests (test/rig/nest),
// starts itself in each as an agent that does and times the work, prints the tables and ends
// the nests again. The peers take turns: one container of each, then again, so that what else
// the machine does meets all of them alike.
//
// Berth also takes part with a user namespace for each container, as a peer of its own: what that costs is the
// difference of the two.
//
// "Warm" is a start right after another start of the same peer, "cold" one after 400 ms in which
// nothing happened: moving a process between cgroups waits for an RCU grace period when nobody did
// so shortly before, and most managers do that. The end of a start is the first instruction of
// the container's init (package tinit), whichever way the manager reports it.
//
// A peer that cannot run is in the tables with the reason. Targets that are missed are printed,
// not failed.
package main
