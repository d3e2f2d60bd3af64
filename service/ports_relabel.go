package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// Tree is a file of the host, or a directory with all below it, that has a container's label while that runs.
type Tree struct {
	Path  string
	Label string
	Image bool // a single file
}

// Trees gives the files of trees a container's label, and their own labels back.
type Trees interface {
	// Relabel gives trees their labels. part names those of a device that is attached; it is "" for those of a start, in a call
	// of which there is one as long as the container runs. What the files had is on the disk before any of them is changed. It first restores
	// what an earlier call with this part has left behind. It leaves other mounts alone. It returns the trees whose file
	// system keeps no labels, of which nothing was changed. It returns a *TreeError if a tree belongs to the host, or shares
	// files with one of others. If it fails, also because ctx ends, it restores the trees. progress is told how many files were
	// looked at, now and then; it must not block.
	Relabel(ctx context.Context, u domain.UUID, part string, trees []Tree, others []string, progress func(files uint64)) (unlabelled []string, err error)
	// Restore gives the files of a container's trees the labels back that they had before Relabel: those of one part, or all if
	// part is "". It can be repeated after a crash at any moment. It returns nil if there is nothing to restore.
	Restore(ctx context.Context, u domain.UUID, part string, progress func(files uint64)) error
	// Pending returns the containers whose trees have to be restored.
	Pending() ([]domain.UUID, error)
}

// TreeError says why a tree is not relabelled.
type TreeError struct{ Path, Reason string }

func (e *TreeError) Error() string { return e.Path + " is not relabelled: " + e.Reason }

// errAborted says that a caller has ended a job.
var errAborted = errors.New("the job was aborted")
