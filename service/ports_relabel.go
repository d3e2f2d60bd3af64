package service

import (
	"context"
	"errors"
	"slices"

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
	// Relabel gives trees their labels. part names those of a device that is attached; it is "" for those of a start, in a
	// call of which there is one as long as the container runs. What the files had is on the disk before any of them is
	// changed. It first restores what an earlier call with this part has left behind. It leaves other mounts alone. It
	// returns the trees whose file system keeps no labels, of which nothing was changed. It returns a *TreeError if a tree
	// belongs to the host, or shares files with one of others. If it fails, also because ctx ends, it restores the trees.
	// progress is told how many files were looked at, now and then; it must not block.
	Relabel(ctx context.Context, u domain.UUID, part string, trees []Tree, others []string, progress func(files uint64)) (unlabelled []string, err error)
	// Restore gives the files of a container's trees the labels back that they had before Relabel: those of one part, or
	// all if part is "". It can be repeated after a crash at any moment. It returns nil if there is nothing to restore.
	Restore(ctx context.Context, u domain.UUID, part string, progress func(files uint64)) error
	// Unshift takes a directory back to plain owners. It can be repeated after a crash or an end at any moment, and leaves
	// other mounts alone. It returns a *TreeError if the tree belongs to the host, or shares files with one of others, or
	// if the ids would not tell what is done. progress is as with Relabel.
	Unshift(ctx context.Context, o UnshiftOrder, others []string, progress func(files uint64)) (Unshifted, error)
	// Places finds a file or directory of the host, whatever path leads there, and those above it. It returns an error if
	// ctx ends before the file system has answered.
	Places(ctx context.Context, path string) (Places, error)
	// Judge tells what a root is, for a map. It waits for an answer of the file system no longer than ctx lasts.
	Judge(ctx context.Context, path string, m shift.Map) (shift.Verdict, error)
	// Pending returns the containers whose trees have to be restored.
	Pending() ([]domain.UUID, error)
}

// Places are a file or directory of the host, and the directories above it.
type Places struct {
	Path  string
	Above []FileID // itself first; nothing else for the host's root directory; empty if the path leads nowhere
}

// overlap reports whether two have files in common: they are the same, or one is in the other. The host's root
// directory, with which everything would overlap, counts for none.
func (p Places) overlap(o Places) bool {
	return len(p.Above) > 1 && len(o.Above) > 1 && (slices.Contains(p.Above, o.Above[0]) || slices.Contains(o.Above, p.Above[0]))
}

// UnshiftOrder says how a tree is taken back to plain owners.
type UnshiftOrder struct {
	Path string
	// Map is the ids that the caller has named. Without ranges they are those of an unshift that was interrupted, Default,
	// or those that begin with the owner of the tree's top.
	Map, Default shift.Map
	// Begins tells whether a range of containers begins with an id. It is asked of the owner of the top. nil says that
	// this does not tell.
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
