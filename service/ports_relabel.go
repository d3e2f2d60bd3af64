package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
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
	// Unshift takes a directory back to plain owners. It can be repeated after a crash or an end at any moment, and leaves other
	// mounts alone. It returns a *TreeError if the tree belongs to the host, or shares files with one of others, or if the ids
	// would not tell what is done. progress is as with Relabel.
	Unshift(ctx context.Context, o UnshiftOrder, others []string, progress func(files uint64)) (Unshifted, error)
	// Overlap returns the first of some trees that is the same as one of others, or in it, or above it, and that one. Both are empty
	// if there is none.
	Overlap(trees, others []string) (tree, other string)
	// Judge tells what a root is, for a map.
	Judge(ctx context.Context, path string, m shift.Map) (shift.Verdict, error)
	// Pending returns the containers whose trees have to be restored.
	Pending() ([]domain.UUID, error)
}

// UnshiftOrder says how a tree is taken back to plain owners.
type UnshiftOrder struct {
	Path string
	// Map is the ids that the caller has named. Without ranges they are those of an unshift that was interrupted, Default, or
	// those that begin with the owner of the tree's top.
	Map, Default shift.Map
	// Begins tells whether a range of containers begins with an id. It is asked of the owner of the top. nil says that this does
	// not tell.
	Begins func(id uint32) (bool, error)
	DryRun bool
}

// TreeError says why a tree is not relabelled, or what else is not done.
type TreeError struct {
	Op           string // what is not done; "" means "relabelled"
	Path, Reason string
}

// notUnshifted is the Op of an unshift.
const notUnshifted = "taken back to plain owners"

func (e *TreeError) Error() string {
	op := e.Op
	if op == "" {
		op = "relabelled"
	}
	return e.Path + " is not " + op + ": " + e.Reason
}

// errAborted says that a caller has ended a job.
var errAborted = errors.New("the job was aborted")
