package contract

import (
	"encoding/xml"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type policyAction struct {
	ID          string `xml:"id,attr"`
	Description string `xml:"description"`
	Message     string `xml:"message"`
	Defaults    struct {
		Any      string `xml:"allow_any"`
		Inactive string `xml:"allow_inactive"`
		Active   string `xml:"allow_active"`
	} `xml:"defaults"`
	Annotations []struct {
		Key   string `xml:"key,attr"`
		Value string `xml:",chardata"`
	} `xml:"annotate"`
}

func policyActions(t *testing.T) []policyAction {
	t.Helper()
	var policy struct {
		XMLName xml.Name       `xml:"policyconfig"`
		Actions []policyAction `xml:"action"`
	}
	text, err := os.ReadFile("org.berth1.policy")
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	return policy.Actions
}

// TestPolicyActions: polkit knows exactly the actions of the contract, each with texts for the dialogue, and gives none
// to anybody without an administrator's password.
func TestPolicyActions(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, a := range policyActions(t) {
		ids = append(ids, a.ID)
		if a.Description == "" || a.Message == "" {
			t.Errorf("%s has no text", a.ID)
		}
		for _, d := range []string{a.Defaults.Any, a.Defaults.Inactive, a.Defaults.Active} {
			if d != "auth_admin" && d != "auth_admin_keep" {
				t.Errorf("%s is %q by default", a.ID, d)
			}
		}
	}
	if diff := cmp.Diff(Actions(), ids); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

// TestManageImplies: who may define containers may see, watch and control them, too, and use their consoles. Who may
// connect by libvirt's protocol may do everything but change the host. polkit does not know: it would give what is
// implied where a rule says no.
func TestManageImplies(t *testing.T) {
	t.Parallel()
	for _, a := range policyActions(t) {
		if len(a.Annotations) > 0 {
			t.Errorf("%s has annotations: %v", a.ID, a.Annotations)
		}
	}
	implied := map[string][]string{}
	for _, id := range Actions() {
		for _, by := range ImpliedBy(id) {
			implied[by] = append(implied[by], id)
		}
	}
	want := map[string][]string{
		ActionManage:  {ActionRead, ActionMonitor, ActionReadSecure, ActionControl, ActionConsole},
		ActionConnect: {ActionRead, ActionMonitor, ActionReadSecure, ActionControl, ActionConsole, ActionExec, ActionNamespaces, ActionManage},
	}
	if diff := cmp.Diff(want, implied); diff != "" {
		t.Errorf("implied (-want +got):\n%s", diff)
	}
}
