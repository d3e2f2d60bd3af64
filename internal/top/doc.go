// Package top is the table of "berthctl top": which containers it has, in which order, with which columns, and what the
// keys of its user change. It computes rates from two looks at the containers.
//
// It is pure: figures and keys in, lines out. Package cli reads the figures, package screen has the terminal.
package top
