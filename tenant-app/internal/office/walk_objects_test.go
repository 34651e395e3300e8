package office_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// actor is somebody with a browser.
type actor struct {
	name string
	id   kernel.ID
	b    *officetest.Browser
}

// object is something in the company; inner are ids of what stands in it, by the name
// that paths give them.
type object struct {
	id    kernel.ID
	text  string // what names it in paths, if that is no id
	inner map[string]string
}

type walk struct {
	t        *testing.T
	o        *officetest.Office
	examples map[string]example
	count    int

	admin, clerk, colleague  *actor
	attackers                []*actor  // nobody, a guest, one of another department, one who left
	room, message            kernel.ID // of the clerk and a colleague
	holidays, phones         int
	gate                     *gate // what goes out to people
	department, organisation kernel.ID
	third                    kernel.ID           // of the clerk's department, never signed in
	secrets                  map[string]string   // word → the kind of object that holds it
	openTo                   map[string][]string // kind → attackers who may see objects of it all the same
	makers                   map[string]func(word string) object
}

// name is what stands for the object in paths.
func (o object) name() string {
	if o.text != "" {
		return o.text
	}
	return o.id.String()
}

// newWalk makes a company in which staff see their own department alone.
func newWalk(t *testing.T) *walk {
	t.Helper()
	o := officetest.Start(t, officetest.WithBucket)
	w := &walk{t: t, o: o, examples: examples(), secrets: map[string]string{}, openTo: map[string][]string{}}
	w.admin = &actor{name: "the administrator", b: o.Administrator(t)}
	var me auth.Me
	w.admin.b.JSON(http.MethodGet, "/me", nil).Into(&me)
	w.admin.id = me.PersonID
	w.department = w.created("/departments", map[string]any{"name": w.word("departments")})
	elsewhere := w.created("/departments", map[string]any{"name": "别处"})
	w.clerk, w.colleague = w.staff("the clerk", "文员", w.department), w.staff("a colleague", "同事"+w.word("people"), w.department)
	w.third = w.created("/people", map[string]any{"name": "又一人" + w.word("people"), "staffNo": "T1", "posts": []map[string]any{{"departmentId": w.department}}})
	w.organisation = w.created("/external-organisations", map[string]any{"name": "供应商甲", "kind": "supplier"})
	other := w.staff("one of another department", "外人", elsewhere)
	leaver := w.staff("one who left", "离人", w.department)
	w.admin.b.JSON(http.MethodPost, "/people/"+leaver.id.String()+"/deactivate", nil, officetest.H("If-Match", "*")).Want(http.StatusOK)
	w.attackers = []*actor{{name: "nobody", b: o.Browser(t)}, w.guest(), other, leaver}
	w.narrow()
	w.openGate()
	w.room = w.group("rooms")
	w.message = w.says(w.clerk, w.room, w.word("messages"))
	w.objects()
	return w
}

// narrow lets staff see their own departments alone.
func (w *walk) narrow() {
	var roles struct {
		Items []struct {
			ID, Key string
			Rights  []map[string]any
		}
	}
	w.admin.b.JSON(http.MethodGet, "/roles", nil).Want(http.StatusOK).Into(&roles)
	for _, role := range roles.Items {
		if role.Key != "staff" {
			continue
		}
		for _, right := range role.Rights {
			if right["right"] == "directory.read" {
				right["scope"] = "tree"
			}
		}
		w.admin.b.JSON(http.MethodPut, "/roles/"+role.ID+"/rights", map[string]any{"rights": role.Rights}, officetest.H("If-Match", "*")).Want(http.StatusOK)
	}
}

// created makes an object as the administrator.
func (w *walk) created(path string, body any) kernel.ID {
	w.t.Helper()
	return w.by(w.admin, path, body)
}

func (w *walk) by(who *actor, path string, body any) kernel.ID {
	w.t.Helper()
	var made struct{ ID kernel.ID }
	who.b.JSON(http.MethodPost, path, body).Want(http.StatusCreated).Into(&made)
	return made.ID
}

// staff is a person of a department who is signed in.
func (w *walk) staff(name, called string, department kernel.ID) *actor {
	w.t.Helper()
	id := w.created("/people", map[string]any{"name": called, "staffNo": w.unique("S"), "posts": []map[string]any{{"departmentId": department}}})
	a := &actor{name: name, id: id, b: w.o.Browser(w.t)}
	a.b.Activate(w.admin.b.Invite(id).Code, officetest.Password).Want(http.StatusSeeOther)
	return a
}

// again is somebody new in the clerk's department, whose session may end.
func (w *walk) again(*actor) *actor { return w.staff("another clerk", "又一文员", w.department) }

// guest is an outsider whose 对接人 is the clerk.
func (w *walk) guest() *actor {
	w.t.Helper()
	id := w.by(w.clerk, "/guests", map[string]any{
		"name": "来客", "mail": w.unique("g") + "@supplier.example", "organisationId": w.organisation, "until": w.o.Now().AddDate(0, 3, 0),
	})
	var made auth.Invitation
	w.clerk.b.JSON(http.MethodPost, "/guests/"+id.String()+"/invitation", nil).Want(http.StatusCreated).Into(&made)
	a := &actor{name: "a guest", id: id, b: w.o.Browser(w.t)}
	a.b.Activate(made.Code, officetest.Password).Want(http.StatusSeeOther)
	return a
}

func (w *walk) unique(prefix string) string {
	w.count++
	return fmt.Sprintf("%s%04d", prefix, w.count)
}

// word is a new secret word that a kind of object holds.
func (w *walk) word(kind string) string {
	raw := make([]byte, 5)
	for i := range raw {
		raw[i] = byte(rand.IntN(256))
	}
	word := "cnry" + hex.EncodeToString(raw)
	w.secrets[word] = kind
	return word
}

// words are the secret words, for searching.
func (w *walk) words() []string {
	var out []string
	for word := range w.secrets {
		out = append(out, word)
	}
	slices.Sort(out)
	return out[:min(len(out), 12)]
}

// standing makes one object of each kind with a secret in it.
func (w *walk) standing() map[string]object {
	out := map[string]object{}
	for kind, maker := range w.makers {
		out[kind] = maker(w.word(kind))
	}
	return out
}

// make is a new object for a path.
func (w *walk) make(kind string) (object, error) {
	maker, ok := w.makers[kind]
	if !ok {
		return object{}, fmt.Errorf("no maker for objects below /%s", kind)
	}
	return maker(w.unique("w")), nil
}

// objects says how to make each kind, by the word before the id in paths.
func (w *walk) objects() {
	for _, kind := range []string{"external-organisations", "calendar", "days"} {
		w.openTo[kind] = []string{"one of another department"}
	}
	w.makers = map[string]func(string) object{
		"departments": func(word string) object {
			return object{id: w.created("/departments", map[string]any{"name": word, "parentId": w.department})}
		},
		"positions": func(word string) object { return object{id: w.created("/positions", map[string]any{"name": word})} },
		"people":    w.makePerson,
		"roles": func(word string) object {
			id := w.created("/roles", map[string]any{"name": word})
			var role struct{ Grants []struct{ ID string } }
			w.admin.b.JSON(http.MethodPost, "/roles/"+id.String()+"/grants", map[string]any{"kind": "person", "to": w.colleague.id}).Want(http.StatusCreated).Into(&role)
			return object{id: id, inner: map[string]string{"grant": role.Grants[0].ID}}
		},
		"object-rights": func(string) object {
			return object{id: w.created("/object-rights", map[string]any{
				"id": kernel.NewID(), "kind": "department", "objectId": w.created("/departments", map[string]any{"name": w.unique("赠")}),
				"right": "directory.read", "toKind": "person", "toId": w.colleague.id,
			})}
		},
		"external-organisations": func(word string) object {
			return object{id: w.created("/external-organisations", map[string]any{"name": word, "kind": "supplier"})}
		},
		"guests": func(word string) object {
			return object{id: w.by(w.clerk, "/guests", map[string]any{
				"name": word, "mail": word + "@supplier.example", "organisationId": w.organisation, "until": w.o.Now().AddDate(0, 3, 0),
			})}
		},
		"rooms": func(word string) object {
			return object{id: w.group(word), inner: map[string]string{"person": w.colleague.id.String()}}
		},
		"messages": func(word string) object {
			return object{id: w.says(w.clerk, w.room, word), inner: map[string]string{"emoji": "%F0%9F%91%8D"}}
		},
		"approvals": func(word string) object { return object{id: w.submitted(word)} },
		"approval-drafts": func(word string) object {
			id := kernel.NewID()
			w.clerk.b.JSON(http.MethodPut, "/approval-drafts/"+id.String(), map[string]any{"form": "general", "values": map[string]any{"subject": word}}).Want(http.StatusOK)
			return object{id: id}
		},
		"suggestions": func(word string) object {
			return object{id: w.by(w.clerk, "/suggestions", suggestionOf(word))}
		},
		"approval-forms": func(string) object { return object{text: "general"} },
		"files":          func(word string) object { return object{id: w.fileInRoom(word)} },
		"days":           w.day,
		"channels":       func(string) object { return object{text: "sms"} },
		"notice-senders": func(string) object { return object{text: "sms"} },
		"later":          func(word string) object { return object{id: w.says(w.clerk, w.room, word)} },
		"sessions": func(string) object {
			b := w.o.Browser(w.t)
			b.SignIn(w.staffNo(w.clerk), officetest.Password).Want(http.StatusSeeOther)
			var list struct {
				Items []struct {
					ID      kernel.ID
					Current bool
				}
			}
			b.JSON(http.MethodGet, "/sessions", nil).Want(http.StatusOK).Into(&list)
			for _, session := range list.Items {
				if session.Current {
					return object{id: session.ID}
				}
			}
			w.t.Fatal("a session does not list itself")
			return object{}
		},
	}
}

// group is a room of the clerk and a colleague.
func (w *walk) group(name string) kernel.ID {
	w.t.Helper()
	return w.by(w.clerk, "/rooms", map[string]any{"id": kernel.NewID(), "kind": "group", "name": name, "memberIds": []kernel.ID{w.colleague.id}})
}

// approvalOf is a request that the colleague is to decide.
func (w *walk) approvalOf(subject string) map[string]any {
	return map[string]any{
		"id": kernel.NewID(), "form": "general", "values": map[string]any{"subject": subject, "content": "内容 " + subject},
		"approvers": map[string]any{"approvers": []kernel.ID{w.colleague.id}},
	}
}

// suggestionOf is a suggestion with its author's name.
func suggestionOf(title string) map[string]any {
	return map[string]any{"id": kernel.NewID(), "title": title, "text": "内容 " + title}
}

// anonymous is the code of a suggestion without a name.
func (w *walk) anonymous() string {
	w.t.Helper()
	w.admin.b.JSON(http.MethodPut, "/desk-settings", map[string]any{"anonymous": true}).Want(http.StatusOK)
	code := fmt.Sprintf("WALKWALKWALK%s", strings.Map(func(r rune) rune { return rune("ABCDEFGHJK"[r-'0']) }, fmt.Sprintf("%04d", w.count)))
	w.count++
	asked := suggestionOf("无名")
	asked["anonymous"], asked["code"] = true, code
	w.by(w.clerk, "/suggestions", asked)
	return code
}

func (w *walk) submitted(subject string) kernel.ID {
	w.t.Helper()
	return w.by(w.clerk, "/approvals", w.approvalOf(subject))
}

// decide lets the colleague act on an approval.
func (w *walk) decide(verb string, params map[string]string) {
	w.t.Helper()
	w.colleague.b.JSON(http.MethodPost, "/approvals/"+params["id"]+"/"+verb, map[string]any{"comment": "看过了"}, officetest.H("If-Match", "*")).Want(http.StatusOK)
}

// says posts a message that asks for a receipt and must be acknowledged.
func (w *walk) says(who *actor, room kernel.ID, text string) kernel.ID {
	w.t.Helper()
	return w.by(who, "/rooms/"+room.String()+"/messages", map[string]any{"id": kernel.NewID(), "kind": "text", "text": text, "receipt": true, "urgent": true})
}

func (w *walk) staffNo(who *actor) string {
	var person struct{ StaffNo string }
	w.admin.b.JSON(http.MethodGet, "/people/"+who.id.String(), nil).Want(http.StatusOK).Into(&person)
	return person.StaffNo
}

// makePerson is one of the clerk's department who was deactivated when the word is for
// use: then an operation may reactivate them.
func (w *walk) makePerson(word string) object {
	return object{id: w.created("/people", map[string]any{
		"name": "人" + word, "staffNo": word, "mail": word + "@acme.example", "posts": []map[string]any{{"departmentId": w.department}},
	})}
}
