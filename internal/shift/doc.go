// Package shift tells by the owners of files whether a tree is shifted on disk, and takes owners back to plain ones. It
// is pure.
//
// The files of a plain tree have the ids that they have inside of a container. Those of a shifted tree have the ids of
// the host to which a user namespace maps these: libvirt and unprivileged LXC want it so. A plain tree is mounted with
// its owners mapped (mount_setattr(2), MOUNT_ATTR_IDMAP). A shifted one is mounted as it is: mapped once more, all its
// files would belong to nobody.
//
// Of a root a few directories are looked at (Places), which belong to root in every distribution. So the answer costs
// the same for each tree, and says nothing of single files further down. Of another tree its top alone is looked at.
package shift
