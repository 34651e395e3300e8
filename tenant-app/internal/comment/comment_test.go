package comment_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/comment"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
)

type page struct {
	Items []comment.Comment
	Next  string
}

func TestCommentsAreReadAndAddedByThoseWhoMay(t *testing.T) {
	o := officetest.Start(t)
	admin := o.Administrator(t)
	_, zhang := admin.Staff(auth.NewPerson{Name: "张伟", Phone: "+8613800000002"})
	liID, li := admin.Staff(auth.NewPerson{Name: "李娜", Phone: "+8613800000003"})
	object := kernel.NewID()
	told := 0
	may := func(_ context.Context, person, asked kernel.ID) error {
		if person == liID || asked != object {
			return kernel.NotFound("note_unknown")
		}
		return nil
	}
	o.App.Comments.On("note", comment.Kind{MayRead: may, MayAdd: may, Added: func(_ context.Context, _ kernel.ID, c comment.Comment) error {
		told++
		return nil
	}})
	path := "/comments/note/" + object.String()
	body := map[string]any{"id": kernel.NewID().String(), "text": " 同意\x00，<script>alert(1)</script>\r\n谢谢 "}
	var made comment.Comment
	zhang.JSON(http.MethodPost, path, body).Want(http.StatusCreated).Into(&made)
	if made.Text != "同意，<script>alert(1)</script>\n谢谢" || made.Author != "张伟" || !made.Mine {
		t.Errorf("the comment is %+v", made)
	}
	zhang.JSON(http.MethodPost, path, body).Want(http.StatusCreated).Into(&made) // its first reply was lost
	if told != 1 {
		t.Errorf("the object's module was told %d times", told)
	}
	for name, c := range map[string]struct {
		b      *officetest.Browser
		path   string
		body   map[string]any
		status int
		code   string
	}{
		"may not":         {li, path, map[string]any{"id": kernel.NewID().String(), "text": "x"}, 404, "note_unknown"},
		"no such object":  {zhang, "/comments/note/" + kernel.NewID().String(), map[string]any{"id": kernel.NewID().String(), "text": "x"}, 404, "note_unknown"},
		"no such kind":    {zhang, "/comments/none/" + object.String(), map[string]any{"id": kernel.NewID().String(), "text": "x"}, 404, "object_unknown"},
		"empty":           {zhang, path, map[string]any{"id": kernel.NewID().String(), "text": " \x00\n"}, 422, "text_empty"},
		"too long":        {zhang, path, map[string]any{"id": kernel.NewID().String(), "text": strings.Repeat("很", 10_001)}, 422, "values_invalid"},
		"another's id":    {admin, path, map[string]any{"id": made.ID.String(), "text": "x"}, 409, "id_taken"},
		"no such file":    {zhang, path, map[string]any{"id": kernel.NewID().String(), "text": "x", "fileIds": []string{kernel.NewID().String()}}, 422, "file_unknown"},
		"id is malformed": {zhang, path, map[string]any{"id": "1", "text": "x"}, 422, "values_invalid"},
	} {
		if reply := c.b.JSON(http.MethodPost, c.path, c.body).Want(c.status); reply.Code() != c.code {
			t.Errorf("%s: %s, want %s", name, reply.Code(), c.code)
		}
	}
	li.JSON(http.MethodGet, path, nil).Want(http.StatusNotFound)
	li.JSON(http.MethodDelete, "/comments/"+made.ID.String(), nil).Want(http.StatusNotFound)
	admin.JSON(http.MethodDelete, "/comments/"+made.ID.String(), nil).Want(http.StatusForbidden)
	for _, text := range []string{"二", "三"} {
		admin.JSON(http.MethodPost, path, map[string]any{"id": kernel.NewID().String(), "text": text}).Want(http.StatusCreated)
	}
	for range 2 {
		zhang.JSON(http.MethodDelete, "/comments/"+made.ID.String(), nil).Want(http.StatusNoContent)
	}
	var first, rest page
	zhang.JSON(http.MethodGet, path+"?limit=2", nil).Want(http.StatusOK).Into(&first)
	zhang.JSON(http.MethodGet, path+"?limit=2&cursor="+first.Next, nil).Want(http.StatusOK).Into(&rest)
	if len(first.Items) != 2 || !first.Items[0].Deleted || first.Items[0].Text != "" || first.Items[1].Text != "二" || first.Items[1].Mine || len(rest.Items) != 1 || rest.Items[0].Text != "三" || rest.Next != "" {
		t.Errorf("pages %+v and %+v", first, rest)
	}
}
