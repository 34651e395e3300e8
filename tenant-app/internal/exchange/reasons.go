package exchange

import (
	"fmt"
	"regexp"

	"atrium.dev/atrium/tenant-app/internal/directory"
)

// reasons are the sentences of the file of failed rows. The page has its own, in
// both languages; this file's columns are Chinese, so are its reasons.
var reasons = map[string]string{
	"name_invalid":                "姓名为空、过长或含有不可见字符",
	"staff_no_invalid":            "工号只能用字母、数字和 . _ / -，最多 32 位，且不能是手机号的样子",
	"phone_invalid":               "手机号不正确：大陆手机号应为 11 位数字，其他地区以 + 和区号开头",
	"mail_invalid":                "邮箱格式不正确",
	"date_invalid":                "入职日期不正确，应如 2024-03-01",
	"digits_lost":                 "表格软件把这个数字变成了科学计数法，丢失了位数，请把该列设为文本后重新填写",
	"identifier_missing":          "工号、手机号、邮箱至少填一项",
	"twice_in_file":               "与第 {row} 行重复",
	"phone_taken":                 "手机号属于{name}（工号 {staffNo}）",
	"mail_taken":                  "邮箱属于{name}（工号 {staffNo}）",
	"person_deactivated":          "{name}已停用，请先在通讯录中启用",
	"department_unknown":          "部门“{department}”不存在",
	"department_ambiguous":        "有多个部门叫“{department}”，请写完整路径",
	"department_twice":            "部门“{department}”重复",
	"department_too_deep":         "部门最多 {max} 级",
	"departments_too_many":        "一个人最多在 {max} 个部门",
	"name_missing":                "部门或岗位的名称为空",
	"name_too_long":               "部门或岗位的名称过长",
	"name_characters":             "部门或岗位的名称含有不允许的字符",
	"position_unknown":            "岗位“{position}”不存在",
	"position_without_department": "填了岗位，但没有部门",
	"positions_too_many":          "岗位比部门多（部门 {departments} 个）",
	"manager_unknown":             "直属上级工号 {staffNo} 不存在、已停用或没有导入成功",
	"manager_circle":              "直属上级 {staffNo} 是这个人的下级，会形成循环",
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// reason is the sentence for a problem.
func reason(p directory.RowProblem) string {
	sentence, ok := reasons[p.Code]
	if !ok {
		return p.Code
	}
	return placeholder.ReplaceAllStringFunc(sentence, func(name string) string {
		return fmt.Sprint(p.Params[name[1:len(name)-1]])
	})
}
