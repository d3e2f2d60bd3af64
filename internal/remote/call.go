package remote

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// call is one call of a client.
type call struct {
	conn *conn
	head head
	proc *procedure
	in   *xdr.Decoder // the arguments, after the container
	out  *xdr.Encoder // the answer
	by   service.Caller
	// The container that the first argument names, if the procedure is about one.
	given xdr.Domain
	uuid  domain.UUID

	ticket  *service.Ticket
	permit  *service.Permit
	body    []byte     // of a call from the queue
	files   []*os.File // came with the call; closed after it
	answers []*os.File // go with the answer
	after   func()     // begins when the answer is on its way, unless it is an error
	undo    func()     // takes back what was done for an answer that is not sent
}

func (c *call) core() core { return c.conn.server.core }

// call answers a call, or has it answered.
func (c *conn) call(h head, body []byte, files []*os.File) {
	p, err := c.find(h)
	k := &call{conn: c, head: h, proc: p, files: files, by: c.by}
	k.out = begin(head{program: h.program, version: version, procedure: h.procedure, kind: typeReply, serial: h.serial})
	if err != nil {
		k.refuse(err)
		return
	}
	if p.quick && (p.open != "" || c.by.Root()) {
		defer c.purse.closeFiles(files)
		k.begin(body)
		k.serve()
		return
	}
	if err := c.purse.hold(len(body) + callCost); err != nil {
		k.refuse(err)
		return
	}
	if err := c.queue(k, body); err != nil {
		c.purse.release(len(body) + callCost)
		k.refuse(err)
	}
}

// refuse answers a call that is not carried out.
func (c *call) refuse(err error) {
	c.conn.purse.closeFiles(c.files)
	c.in = xdr.NewDecoder(nil)
	c.finish(err)
}

// find returns the procedure of a call, if the client may call it at this moment.
func (c *conn) find(h head) (*procedure, error) {
	program, known := c.server.table[h.program]
	switch {
	case !known:
		return nil, fault(codeRPC, domainRPC, "Cannot find program %d version %d", h.program, h.version)
	case h.version != version:
		return nil, fault(codeRPC, domainRPC, "program %d has version %d, not %d", h.program, version, h.version)
	}
	p := program[h.procedure]
	switch {
	case !c.known.Load() && (p == nil || !p.strange):
		return nil, fault(codeRPC, domainRPC, "authentication required")
	case p == nil:
		return nil, unsupported(h)
	case !c.opened.Load() && !p.strange && !p.unopened:
		return nil, fault(codeInternal, domainRemote, "internal error: connection not open")
	case c.readOnly.Load() && p.writes:
		return nil, fault(codeOperationDenied, domainDomain, "operation forbidden: read only access prevents %s", p.name)
	}
	return p, nil
}

// begin reads whom the call is about, in the order of arrival.
func (c *call) begin(body []byte) {
	c.in = xdr.NewDecoder(body)
	if c.proc.about {
		c.given = c.in.Domain()
		c.uuid = domain.UUID(c.given.UUID)
	}
	if c.proc.mutates && c.proc.about && c.in.Err() == nil {
		c.ticket = c.core().Ticket(c.uuid)
	}
}

// serve does what the call asks and answers.
func (c *call) serve() {
	err := c.run()
	if c.ticket != nil {
		c.ticket.Leave() // before the answer: a client that does not read holds up nobody else
	}
	c.finish(err)
}

// panicError is a programmer's mistake in a handler.
type panicError struct {
	value any
	stack []byte
}

func (*panicError) Error() string { return "internal error, see the log" }

// authPatience is how long a call keeps its place in a container's queue while it waits to be authorised, as on D-Bus.
const authPatience = 250 * time.Millisecond

func (c *call) run() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	ctx, err := c.admitInTurn()
	if err != nil {
		return err
	}
	if c.ticket != nil {
		select {
		case <-c.ticket.Served():
		case <-c.conn.ctx.Done(): // nobody waits for it any more
			return context.Canceled
		}
		if c.permit != nil {
			c.permit.Yields(c.ticket.Leave)
		}
	}
	err = c.carryOut(ctx)
	if c.proc.about && service.Refused(err) { // of a container that has changed since
		return c.refused(err)
	}
	return err
}

// badArguments is the error of arguments that cannot be read.
func (c *call) badArguments() error {
	return fault(codeRPC, domainRPC, "Unable to decode message payload: %v", c.in.Err())
}

// admitInTurn is admit for a call that may have a place in a container's queue.
func (c *call) admitInTurn() (context.Context, error) {
	if c.ticket == nil {
		return c.admit()
	}
	held := c.ticket
	patience := c.conn.later(authPatience, held.Leave)
	ctx, err := c.admit()
	if !patience.Stop() {
		c.ticket = c.core().Ticket(c.uuid)
		held.Leave()
	}
	return ctx, err
}

// carryOut runs the procedure. What only looks at a container looks at one for which the permit holds all the time.
func (c *call) carryOut(ctx context.Context) error {
	arguments, answer := *c.in, c.out.Len()
	do := func() error {
		*c.in = arguments
		c.out.Truncate(answer)
		if err := c.proc.run(ctx, c); err != nil {
			return err
		}
		if c.in.Err() != nil {
			return c.badArguments()
		}
		return nil
	}
	if c.permit == nil || c.by.Root() || !c.proc.about || !c.proc.looks() { // root's permit is for all
		return do()
	}
	return c.permit.Read(func() service.Subject { return c.core().Subject(c.uuid) }, do)
}

// finish sends the answer. If there is no room for it, it sends that.
func (c *call) finish(err error) {
	purse := &c.conn.purse
	if err == nil {
		err = c.pay()
	}
	if err != nil {
		closeFiles(c.answers)
		if c.undo != nil {
			c.undo()
		}
		c.answers, c.after = nil, nil
		c.out = xdr.NewEncoder(slices.Clone(c.out.Bytes()[:headSize])) // without the room that an answer took
		c.out.SetU32(statusAt, statusError)
		c.failure(err).encode(c.out)
		purse.mustHold(cap(c.out.Bytes()))
	}
	if len(c.answers) > 0 {
		c.out.SetU32(kindAt, typeReplyFDs)
	}
	c.conn.out.send(outgoing{bytes: finish(c.out), files: c.answers, held: cap(c.out.Bytes())})
	if c.after != nil {
		c.after()
	}
}

// pay counts the answer as one that waits for the client. It returns an error if that is too much for the client's
// share, or for any client.
func (c *call) pay() error {
	purse, size := &c.conn.purse, cap(c.out.Bytes())
	if err := tooLong(c.out.Err()); err != nil {
		return err
	}
	if err := purse.hold(size); err != nil {
		return err
	}
	if err := purse.holdFiles(len(c.answers)); err != nil {
		purse.release(size)
		return err
	}
	return nil
}

// tooLong is the error of an answer that no client would take.
func tooLong(err error) error {
	if err == nil {
		return nil
	}
	return wrong(codeRPC, domainRPC, "the answer is too long: %v", err)
}

// failure is the one place where an unexpected error is logged.
func (c *call) failure(err error) *failure {
	name := ""
	if c.proc != nil {
		name = c.proc.name
	}
	f, expected := failureOf(name, err)
	if expected || c.proc == nil {
		return f
	}
	attrs := []any{"op", c.proc.name, "err", err}
	if c.proc.about {
		attrs = append(attrs, c.who())
	}
	if p, ok := err.(*panicError); ok { //nolint:errorlint // it is never wrapped
		attrs = append(attrs, "panic", fmt.Sprint(p.value), "stack", string(p.stack))
	}
	c.conn.server.log.Error("call failed", attrs...)
	return f
}

// who is the container for the log. It is the empty attribute, which no log shows, if the core panics over it, too: the
// client gets its answer.
func (c *call) who() (of slog.Attr) {
	defer func() {
		if recover() != nil {
			of = slog.Attr{}
		}
	}()
	return c.core().WhoHas(c.uuid)
}

// admit lets the core decide whether the caller may do this, before anything is looked at: neither the arguments nor
// the container. It returns the context of the call.
func (c *call) admit() (context.Context, error) {
	ctx := c.conn.ctx
	if c.proc.mutates {
		ctx = c.conn.server.ctx
		c.by.Interactive = true // who has an agent of his own
	}
	if c.proc.open != "" {
		return service.WithCaller(ctx, c.by), nil
	}
	permit, err := c.conn.server.access.Permit(c.conn.ctx, c.question())
	if err != nil {
		return ctx, c.refused(err)
	}
	c.permit = permit
	return service.WithPermit(ctx, permit), nil
}

// question is what the call is, for the core.
func (c *call) question() service.Question {
	q := service.Question{Caller: c.by, Action: c.proc.action, Verb: c.proc.verb}
	if c.proc.about && (!c.by.Root() || !c.proc.quick) { // nobody asks about root
		q.Subject, q.Named = c.core().Subject(c.uuid), service.Subject{UUID: c.uuid}
	}
	return q
}

// refused is the error for a caller without the right. One who may not even see the container gets the error of one
// that does not exist.
func (c *call) refused(err error) error {
	if c.proc.about && c.conn.server.access.Hides(c.conn.ctx, c.question(), err) {
		return fmt.Errorf("%w with matching uuid '%s'", errNoDomain, c.uuid)
	}
	return &deniedError{c.proc.action, err}
}

// list returns the containers that the caller may see. It returns the error of a caller who may see none.
func (c *call) list(ctx context.Context) ([]service.Snapshot, error) {
	all := c.core().List()
	q := service.Question{Caller: c.by, Action: contract.ActionRead, Verb: c.proc.verb}
	for range 2 {
		list, err := service.Visible(ctx, c.conn.server.access, q, all, (*service.Snapshot).Subject)
		if err != nil {
			return nil, &deniedError{q.Action, err}
		}
		if len(list) > 0 || c.by.Root() {
			return list, nil
		}
		if err := c.conn.server.access.Allow(ctx, q); err != nil {
			return nil, &deniedError{q.Action, err}
		}
	}
	return nil, nil
}
