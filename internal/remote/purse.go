package remote

import (
	"os"
	"sync"
)

// The first bytes of a connection cost its user nothing, so that a small call is always answered; then he pays in
// steps.
const (
	freeBytes = 32 << 10
	byteStep  = 16 << 10
)

// purse is what a connection has of its user's share. What is not given back is, when the connection and all its calls
// are over.
type purse struct {
	users *users
	user  *user

	mu       sync.Mutex // guards the fields below
	bytes    int        // that are kept for the client
	paid     int        // of them
	files    int
	stranger bool // it has not authenticated
}

// hold counts n bytes that are kept for the client. It returns an error for the client if that is too much.
func (p *purse) hold(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	paid := price(p.bytes + n)
	if paid > p.paid {
		if err := p.users.take(p.user, kindBytes, paid-p.paid); err != nil {
			return wrong(codeResourceBusy, domainRPC, "%v", err)
		}
		p.paid = paid
	}
	p.bytes += n
	return nil
}

// mustHold counts bytes without a question. It is for an answer that says that there is no room for another one.
func (p *purse) mustHold(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += n
}

// release gives bytes back.
func (p *purse) release(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes -= n
	if paid := price(p.bytes); paid < p.paid {
		_ = p.users.take(p.user, kindBytes, paid-p.paid)
		p.paid = paid
	}
}

// price is what a number of bytes costs, in bytes.
func price(n int) int {
	return max(0, n-freeBytes+byteStep-1) / byteStep * byteStep
}

// holdFiles counts descriptors.
func (p *purse) holdFiles(n int) error {
	if n == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.users.take(p.user, kindFiles, n); err != nil {
		return wrong(codeResourceBusy, domainRPC, "%v", err)
	}
	p.files += n
	return nil
}

// closeFiles closes descriptors that are counted.
func (p *purse) closeFiles(list []*os.File) {
	closeFiles(list)
	if len(list) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files -= len(list)
	_ = p.users.take(p.user, kindFiles, -len(list))
}

// known says that the client has authenticated.
func (p *purse) known() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stranger {
		p.stranger = false
		_ = p.users.take(p.user, kindStrangers, -1)
	}
}

// empty gives back what is left. Nobody uses the purse any more.
func (p *purse) empty() {
	p.known()
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.users.take(p.user, kindBytes, -p.paid)
	_ = p.users.take(p.user, kindFiles, -p.files)
	p.paid, p.bytes, p.files = 0, 0, 0
}
