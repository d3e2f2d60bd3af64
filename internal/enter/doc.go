// Package enter decides how a command comes to life inside a running container: the list of system calls that its
// process carries out (package born), and what an error of one of them means. It is pure.
//
// The order is the protection. First the process cannot be traced, has no descriptor of the host, and has a session of
// its own. Then it enters all namespaces at once, and gives up every right that the container does not have. It is in
// the container's control group from the beginning. Only then it creates a second process, which is the first one that
// the container can see: the pid namespace holds for children. That one executes the command. Nothing of the image has
// been read before, but the working directory.
package enter
