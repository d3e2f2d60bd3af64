//go:build nest

package nest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// userProgram is the name under which the test's own program is a user of the host who calls berthd.
const userProgram = "user"

// What a user does with a call.
const (
	alone  = "alone"  // polkit may ask nobody
	silent = "silent" // polkit may ask, but the user has no agent
	comply = "comply" // the user's agent answers with a password
	refuse = "refuse" // the user's agent dismisses the question
	leave  = "leave"  // the connection that called is closed when polkit asks
)

// question is a question of polkit to a user's agent.
type question struct {
	Action, Message string
	Details         map[string]string
}

// called is how a user's call went.
type called struct {
	Error, Text string // "" if it succeeded
	Asked       []question
	Cancelled   bool // polkit has taken its question back
}

// actAsUser makes a call for an action with a container: MODE PASSWORD ACTION OBJECT.
func actAsUser(args []string) int {
	got, err := callAsUser(args[0], args[1], args[2], dbus.ObjectPath(args[3]))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(got)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func callAsUser(mode, password, action string, path dbus.ObjectPath) (got called, err error) {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return got, err
	}
	defer conn.Close()
	agent := &userAgent{mode: mode, password: password, begun: make(chan question, 8), cancelled: make(chan struct{}, 8)}
	if mode != alone && mode != silent {
		other, err := dbus.ConnectSystemBus()
		if err != nil {
			return got, err
		}
		defer other.Close()
		if err := agent.register(other); err != nil {
			return got, err
		}
	}
	msg := callFor(action, path)
	if mode != alone {
		msg.Flags = dbus.FlagAllowInteractiveAuthorization
	}
	sent := conn.SendWithContext(context.Background(), msg, make(chan *dbus.Call, 1))
	for {
		select {
		case q := <-agent.begun:
			got.Asked = append(got.Asked, q)
			if mode == leave {
				go func() { _ = conn.Close() }() // which may wait for who reads
			}
		case <-agent.cancelled:
			got.Cancelled = true
			return got, nil
		case call := <-sent.Done:
			if mode == leave && len(got.Asked) > 0 {
				sent.Done = nil // it is the connection's end
				continue
			}
			if reply, ok := errors.AsType[dbus.Error](call.Err); ok {
				got.Error, got.Text = reply.Name, fmt.Sprint(reply.Body...)
			} else if call.Err != nil {
				return got, call.Err
			}
			return got, nil
		case <-time.After(patience):
			return got, errors.New("nothing comes")
		}
	}
}

// sharesHost is a definition of web that shares a network with a process of the host.
const sharesHost = "<domain type='lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><name>web</name><memory>65536</memory>" +
	"<os><type>exe</type><init>/bin/sleep</init></os><lxc:namespace><lxc:sharenet type='pid' value='1'/></lxc:namespace></domain>"

// reloadSystemd is an action of systemd.
const reloadSystemd = "org.freedesktop.systemd1.reload-daemon"

// callFor is a call that needs an action. Those that change something fail once they are permitted, where they could
// not be made again.
func callFor(action string, path dbus.ObjectPath) *dbus.Message {
	none := map[string]dbus.Variant{}
	to, iface, name, args := contract.BusName, contract.ContainerInterface, "", []any(nil)
	switch action {
	case contract.ActionRead:
		name, args = "GetXML", []any{false, none}
	case contract.ActionMonitor:
		name, args = "GetStats", []any{none}
	case contract.ActionControl:
		name, args = "Suspend", []any{none}
	case contract.ActionConsole:
		name, args = "ReadConsole", []any{"", none}
	case contract.ActionExec:
		name, args = "SendProcessSignal", []any{int64(1), uint32(0), none}
	case contract.ActionNamespaces:
		name, args = "OpenNamespaces", []any{[]string{"uts"}, none}
	case contract.ActionManage:
		name, args = "Redefine", []any{"<domain/>", none}
	case contract.ActionAdmin: // and org.berth1.manage
		name, args = "Redefine", []any{sharesHost, none}
	case reloadSystemd:
		to, iface, name = "org.freedesktop.systemd1", "org.freedesktop.systemd1.Manager", "Reload"
	}
	headers := map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(to), dbus.FieldPath: dbus.MakeVariant(path),
		dbus.FieldInterface: dbus.MakeVariant(iface), dbus.FieldMember: dbus.MakeVariant(name),
	}
	if len(args) > 0 {
		headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(args...))
	}
	return &dbus.Message{Type: dbus.TypeMethodCall, Headers: headers, Body: args}
}

// userAgent asks the user for passwords, for polkit: org.freedesktop.PolicyKit1.AuthenticationAgent.
type userAgent struct {
	mode, password string
	begun          chan question
	cancelled      chan struct{}
}

// subject is who is authorized, and identity who may type the password.
type subject struct {
	Kind    string
	Details map[string]dbus.Variant
}
type identity = subject

// register makes the agent that of this process.
func (a *userAgent) register(conn *dbus.Conn) error {
	const path = "/org/berth1/agent"
	if err := conn.Export(a, path, "org.freedesktop.PolicyKit1.AuthenticationAgent"); err != nil {
		return err
	}
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	started, err := strconv.ParseUint(strings.Fields(rest)[19], 10, 64)
	if err != nil {
		return err
	}
	me := subject{"unix-process", map[string]dbus.Variant{
		"pid": dbus.MakeVariant(uint32(os.Getpid())), "start-time": dbus.MakeVariant(started), "uid": dbus.MakeVariant(int32(os.Getuid())),
	}}
	return conn.Object("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority").
		Call("org.freedesktop.PolicyKit1.Authority.RegisterAuthenticationAgent", 0, me, "C", path).Err
}

// BeginAuthentication answers by polkit's own helper, which alone is believed.
func (a *userAgent) BeginAuthentication(action, message, _ string, details map[string]string, cookie string, who []identity) *dbus.Error {
	maps.DeleteFunc(details, func(name, _ string) bool { return strings.HasPrefix(name, "polkit.") }) // its own: pids
	a.begun <- question{action, message, details}
	switch {
	case a.mode == refuse:
		return dbus.NewError("org.freedesktop.PolicyKit1.Error.Cancelled", []any{"dismissed"})
	case a.mode == leave:
		time.Sleep(patience) // polkit takes the question back meanwhile
		return nil
	case len(who) == 0:
		return dbus.MakeFailedError(errors.New("nobody may authorize"))
	}
	uid, _ := who[0].Details["uid"].Value().(uint32)
	if err := typePassword(uid, cookie, a.password); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

// CancelAuthentication takes a question back.
func (a *userAgent) CancelAuthentication(string) *dbus.Error {
	a.cancelled <- struct{}{}
	return nil
}

// typePassword runs polkit's helper, which asks PAM and tells polkit the result.
func typePassword(uid uint32, cookie, password string) error {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return err
	}
	cmd := exec.Command("/usr/lib/polkit-1/polkit-agent-helper-1", u.Username)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	defer func() { _ = cmd.Wait() }()
	_, err = io.WriteString(in, cookie+"\n")
	for lines := bufio.NewScanner(out); err == nil && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "PAM_PROMPT_ECHO_OFF") {
			_, err = io.WriteString(in, password+"\n")
		}
	}
	return err
}
