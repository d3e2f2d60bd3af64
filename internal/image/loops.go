package image

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/berthd/berth/internal/linux/loop"
)

// answerLimit is how long a loop device may take to say which file it shows.
const answerLimit = time.Second

// loops knows which images the host's loop devices show.
//
// The kernel asks the file itself, and its server may not answer: a container that may open its read-only disk can have
// that show a file of its own (LOOP_CHANGE_FD). So nothing is locked meanwhile, and a device that does not answer is
// waited for once only. It shows no image that is asked for: that has just answered the same question.
type loops struct {
	list func() ([]string, error)               // loop.Devices
	show func(device string) (loop.Shown, bool) // loop.Show
	mu   sync.Mutex
	last map[string]inode     // what each device showed when it was last known; zero when it never was. nil before the first look
	open map[string]*question // that have no answer yet, by their devices
}

// question is one to a loop device: which file it shows.
type question struct {
	answered chan struct{} // closed with the answer, which shown and ok are from then on
	shown    loop.Shown
	ok       bool
	late     bool // nobody waits for the answer any more
}

// used returns errImageInUse if a loop device shows the image and either that or the caller writes. It returns ctx's
// error if ctx ends before.
func (l *loops) used(ctx context.Context, id inode, readOnly bool) error {
	asked, err := l.ask(id)
	if err != nil || len(asked) == 0 {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	for _, q := range asked {
		select {
		case <-q.answered:
		case <-wait.Done():
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if shown, ok := l.answer(q); ok && inodeShown(shown) == id && (!readOnly || !shown.ReadOnly) {
			return errImageInUse
		}
	}
	return nil
}

// ask asks the devices that showed the image when they were last known, and those that never were. It returns the
// questions.
func (l *loops) ask(id inode) (asked []*question, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil { // an earlier daemon may have attached some
		list, err := l.list()
		if err != nil {
			return nil, err
		}
		l.last, l.open = map[string]inode{}, map[string]*question{}
		for _, device := range list {
			l.last[device] = inode{}
		}
	}
	for device, known := range l.last {
		if known != id && known != (inode{}) {
			continue
		}
		q := l.open[device]
		if q == nil {
			q = &question{answered: make(chan struct{})}
			l.open[device] = q
			go l.hear(device, q)
		}
		if !q.late {
			asked = append(asked, q)
		}
	}
	return asked, nil
}

// answer returns the answer to a question. It returns false if the device shows nothing or has not answered, and then
// has nobody wait for it again.
func (l *loops) answer(q *question) (loop.Shown, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-q.answered:
		return q.shown, q.ok
	default:
		q.late = true
		return loop.Shown{}, false
	}
}

// hear waits for a device's answer.
func (l *loops) hear(device string, q *question) {
	shown, ok := l.show(device)
	l.mu.Lock()
	defer l.mu.Unlock()
	q.shown, q.ok = shown, ok
	close(q.answered)
	if l.open[device] != q { // attached knows better
		return
	}
	delete(l.open, device)
	if ok {
		l.last[device] = inodeShown(shown)
	} else {
		delete(l.last, device)
	}
}

// attached notes that a loop device shows an image.
func (l *loops) attached(image *os.File, device string) error {
	id, err := inodeOf(image)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[device] = id
	delete(l.open, device)
	return nil
}

func inodeShown(s loop.Shown) inode { return inode{s.Dev, s.Ino} }
