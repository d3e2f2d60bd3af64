// Package guest has what a running container is to itself: its system, its time zone, its file systems and its
// addresses. It is pure: it reads the texts of files that the container may have written, and so takes nothing in them
// for granted.
package guest
