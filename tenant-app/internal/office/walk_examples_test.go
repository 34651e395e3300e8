package office_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"

	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

// example is what the description of an operation does not tell.
type example struct {
	body    func(w *walk, who *actor, params map[string]string) any
	raw     func(w *walk) []byte
	query   map[string]func(w *walk, params map[string]string) string
	as      func(w *walk) *actor                    // who may use it; nil: the clerk, else the administrator
	ends    bool                                    // it ends the session of whoever calls it: who needs theirs is spared
	first   func(w *walk, params map[string]string) // what must happen to the objects before
	creates bool                                    // an id that is not there yet makes a new object
	varies  bool                                    // its answer changes with time: it is not compared
}

// idFor is an object of the company for a field that holds an id.
func (w *walk) idFor(name string) (kernel.ID, bool) {
	id, ok := map[string]kernel.ID{
		"id": kernel.NewID(), "personId": w.colleague.id, "departmentId": w.department, "organisationId": w.organisation,
		"person": w.colleague.id, "to": w.colleague.id,
	}[name]
	return id, ok
}

// entitledTo are those who should be able to use an operation, likeliest first.
func (w *walk) entitledTo(op httpapi.Op) []*actor {
	if as := w.examples[op.ID].as; as != nil {
		return []*actor{as(w)}
	}
	return []*actor{w.clerk, w.colleague, w.admin}
}

// examples are few: bodies follow from the schemas wherever they can.
func examples() map[string]example {
	file := func(*walk) []byte { return []byte("姓名,工号\n步行者,WALK-1\n") }
	again := func(w *walk) *actor { return w.again(w.clerk) }
	comment := func(*walk, *actor, map[string]string) any { return object1("comment", "看过了") }
	colleague := example{query: map[string]func(*walk, map[string]string) string{
		"right":  func(*walk, map[string]string) string { return "directory.read" },
		"kind":   func(*walk, map[string]string) string { return "person" },
		"object": func(w *walk, _ map[string]string) string { return w.colleague.id.String() },
	}}
	return map[string]example{
		"update-me": {body: func(*walk, *actor, map[string]string) any { return object1("locale", "en") }},
		"change-password": {as: again, body: func(*walk, *actor, map[string]string) any {
			return map[string]string{"current": officetest.Password, "password": officetest.Password + " once more"}
		}},
		"list-sessions":       {varies: true},
		"sign-out":            {as: again, ends: true},
		"end-other-sessions":  {as: again},
		"end-session":         {as: func(w *walk) *actor { return w.clerk }},
		"check-people-import": {raw: file}, "import-people": {raw: file}, "failed-people-import": {raw: file},
		"set-avatar":             {raw: func(*walk) []byte { return smallPicture() }},
		"people-import-template": {varies: true}, "export-people": {varies: true},
		"create-person": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"name": "步行者", "staffNo": w.unique("W")}
		}},
		"edit-person": {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("hiredOn", "2024-03-01") }},
		"create-guest": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"name": "来客", "mail": w.unique("m") + "@supplier.example", "organisationId": w.organisation, "until": w.o.Now().AddDate(0, 1, 0)}
		}},
		"edit-guest":         {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("name", "来客人") }},
		"resume-guest":       {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("until", w.o.Now().AddDate(0, 1, 0)) }},
		"close-organisation": {as: func(w *walk) *actor { return w.admin }},
		"set-department-heads": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return object1("personIds", []kernel.ID{w.colleague.id})
		}},
		"reactivate-person": {first: func(w *walk, params map[string]string) {
			w.admin.b.JSON(http.MethodPost, "/people/"+params["id"]+"/deactivate", nil, officetest.H("If-Match", "*")).Want(http.StatusOK)
		}, as: func(w *walk) *actor { return w.admin }},
		"grant-role": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"kind": "person", "to": w.colleague.id}
		}},
		"give-object": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"id": kernel.NewID(), "kind": "person", "objectId": w.colleague.id, "right": "directory.read", "toKind": "person", "toId": w.clerk.id}
		}},
		"create-room": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"id": kernel.NewID(), "kind": "group", "name": "新群", "memberIds": []kernel.ID{w.colleague.id}}
		}},
		"post-message": {body: func(*walk, *actor, map[string]string) any {
			return map[string]any{"id": kernel.NewID(), "kind": "text", "text": "一句话"}
		}},
		"forward-messages": {body: func(w *walk, who *actor, _ map[string]string) any {
			from := w.clerk // attackers name what is not theirs
			if who != w.clerk {
				return map[string]any{"ids": []kernel.ID{kernel.NewID()}, "messageIds": []kernel.ID{w.message}, "roomIds": []kernel.ID{w.room}}
			}
			return map[string]any{"ids": []kernel.ID{kernel.NewID()}, "messageIds": []kernel.ID{w.says(from, w.room, "转发这句")}, "roomIds": []kernel.ID{w.room}}
		}},
		"submit-approval": {body: func(w *walk, _ *actor, _ map[string]string) any { return w.approvalOf("事项") }},
		"preview-approval": {body: func(w *walk, _ *actor, _ map[string]string) any {
			asked := w.approvalOf("事项")
			delete(asked, "id")
			return asked
		}},
		"resubmit-approval": {
			first: func(w *walk, params map[string]string) { w.decide("return", params) },
			body: func(w *walk, _ *actor, _ map[string]string) any {
				return object1("values", w.approvalOf("事项")["values"])
			},
		},
		"reject-approval":   {body: comment},
		"cancel-approval":   {first: func(w *walk, params map[string]string) { w.decide("approve", params) }, body: comment},
		"transfer-approval": {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("to", w.third) }},
		"cc-approval":       {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("to", []kernel.ID{w.third}) }},
		"keep-approval-draft": {creates: true, body: func(*walk, *actor, map[string]string) any {
			return map[string]any{"form": "general", "values": map[string]any{"subject": "草稿"}}
		}},
		"submit-suggestion": {body: func(*walk, *actor, map[string]string) any { return suggestionOf("多放几把椅子") }},
		"act-on-suggestion": {body: func(*walk, *actor, map[string]string) any {
			return map[string]any{"id": kernel.NewID(), "verb": "follow", "text": "一句话"}
		}},
		"look-up-suggestion": {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("code", w.anonymous()) }},
		"follow-up-suggestion": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"code": w.anonymous(), "id": kernel.NewID(), "text": "一句话"}
		}},
		"search-room": {query: map[string]func(*walk, map[string]string) string{
			"q": func(*walk, map[string]string) string { return "群" },
		}},
		"explain-right": colleague,
		"create-file":   {body: func(w *walk, _ *actor, _ map[string]string) any { return newFile("x.txt", nil) }},
		"get-calendar": {query: map[string]func(*walk, map[string]string) string{
			"year": func(w *walk, _ map[string]string) string { return "2030" },
		}},
		"set-quiet-hours": {body: func(*walk, *actor, map[string]string) any { return noQuiet() }},
		"add-browser": {body: func(w *walk, _ *actor, _ map[string]string) any {
			return map[string]any{"endpoint": w.gate.url + "/" + w.unique("b"), "keys": map[string]any{"p256dh": "x", "auth": "y"}}
		}},
		"set-notice-senders": {body: func(w *walk, _ *actor, _ map[string]string) any { return w.senders() }},
		"test-channel":       {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("address", w.phone()) }},
		"test-notice-sender": {body: func(w *walk, _ *actor, _ map[string]string) any { return object1("address", w.phone()) }},
		"confirm-channel": {as: func(w *walk) *actor { return w.again(w.clerk) }, body: func(w *walk, who *actor, _ map[string]string) any {
			w.try(who)
			return object1("code", w.gate.code())
		}},
		"set-working-hours": {body: func(*walk, *actor, map[string]string) any {
			return map[string]any{"weekdays": []int{1, 2, 3, 4, 5}, "spans": []map[string]any{{"from": "09:00", "to": "18:00"}}}
		}},
	}
}

func object1(name string, value any) map[string]any { return map[string]any{name: value} }

func smallPicture() []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewRGBA(image.Rect(0, 0, 8, 8)))
	return out.Bytes()
}
