package main

import (
	"context"
	"errors"
	"os"

	"github.com/berthd/berth/test/bench/labels"
)

// relabelled measures how long it takes to give a tree labels on this machine. Its kernel need not enforce them.
func relabelled(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("/var/tmp", "berth-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	const label = "system_u:object_r:container_file_t:s0:c1,c"
	m := labels.Options{Dir: dir, Files: 10_000, Rounds: o.runs, Labels: []string{label + "2", label + "3"}}
	ways, err := labels.Measure(ctx, m)
	if err != nil {
		return err
	}
	return labels.Print(os.Stdout, m, ways)
}
