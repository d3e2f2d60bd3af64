// Package polkit asks polkit (polkit(8)) whether a caller on the system bus may do something.
package polkit
