// Package relabel gives the files of a container's trees the container's label, and gives them their own labels back.
// It also gives the files of a tree that is shifted on disk plain owners, which is the same walk.
//
// A tree is walked by descriptors. Each step looks up one name in an open directory, and follows neither a symbolic
// link nor a mount. So a walk stays in the tree and in its mount, whatever others rename meanwhile. Each goroutine has
// a thread with a working directory of its own, in which it reads and writes labels by the files' names: by descriptors
// of the files it would take twice as long. A file that takes another's name between the two may get its label. That is
// seen afterwards, and the file counts as a new one.
//
// The labels that files had are in a journal, one for each container, in a directory that survives a reboot. A batch of
// files is in the journal and on the disk before any of them gets its new label. So a restore after a crash at any
// moment is exact. A journal names a file by its inode number and the time of its birth, so that a file that was
// renamed is found and one that got the number of a removed one is not mistaken for it.
//
// A restore walks the trees again, and looks only at files that still have the label of the container:
//
//   - A file of the journal gets its own label back.
//   - A file that is not in the journal is new. It gets the label that its directory has then: a process of the host
//     that made it would have given it that type. (restorecon(8) would take the policy's label for the path. But then
//     the label would fit neither the rest of a tree that was labelled by hand, nor what the next start records.)
//   - A file that has another label by now was labelled by somebody else, and stays as it is.
//
// Others should not rename directories of a tree while it is walked: no process of the container lives then, and what
// the walk misses keeps the label that it has.
//
// All of that can be done again: a restore that was killed is repeated, and the journal is removed at its end.
//
// Owners need no journal: they say themselves what is done (Unshift). There each file is opened that changes, since a
// wrong owner is worse than a wrong label.
//
// The directories are shared out to a few goroutines. A walk holds some hundred descriptors and some ten thousand
// pending directories at most. A restore needs 16 bytes of memory for each file of the journal besides.
package relabel
