// Package selinux makes the SELinux labels of containers, as sVirt has them: the types of the policy's lxc_contexts,
// and a pair of categories that no other container has, out of the range of berthd's own context.
//
// A host without SELinux, or with a policy that has no lxc_contexts, has no labels. The package then says why.
package selinux
