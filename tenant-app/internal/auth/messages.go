package auth

import (
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// messages are the texts of the sign-in pages. Keys that are error codes take the
// error's parameters in braces. A test holds both languages complete.
var messages = map[kernel.Locale]map[string]string{
	kernel.ZhCN: {
		"title_login":           "登录",
		"title_activate":        "设置密码",
		"title_first":           "开通管理员账号",
		"title_failed":          "暂时无法打开",
		"identifier":            "手机号、工号或邮箱",
		"password":              "密码",
		"shared":                "这是公用电脑",
		"shared_hint":           "关闭浏览器或 8 小时后自动退出",
		"sign_in":               "登录",
		"have_code":             "首次使用或忘记密码？输入管理员给您的激活码",
		"need_help":             "登录遇到问题？请联系管理员",
		"need_help_nobody":      "登录遇到问题？请联系本公司管理员。",
		"code":                  "激活码",
		"code_hint":             "共 12 位，由管理员提供，不区分大小写",
		"password_new":          "新密码",
		"password_rule":         "至少 10 个字符，可以是一句好记的话",
		"password_repeat":       "再次输入新密码",
		"set_password":          "保存并登录",
		"to_login":              "返回登录",
		"hello":                 "{name}，您好！请设置登录密码。",
		"first_lead":            "您将成为本公司的第一位管理员。此链接只能使用一次。",
		"first_closed":          "此链接已使用或无效。如果您已开通账号，请直接登录。",
		"first_identifiers":     "登录方式（至少填写一项）",
		"first_submit":          "开通并登录",
		"name":                  "姓名",
		"phone":                 "手机号",
		"staff_no":              "工号",
		"mail":                  "邮箱",
		"sign_in_wrong":         "账号或密码不正确，或账号尚未激活。",
		"too_many_attempts":     "尝试次数过多，请 {minutes} 分钟后再试，或联系管理员。",
		"sign_in_busy":          "现在登录的人较多，请稍后再试。",
		"try_again_later":       "服务暂时不可用，请稍后再试。",
		"internal":              "出现意外错误，请稍后再试。",
		"code_invalid":          "激活码不正确、已使用或已过期，请向管理员索取新的激活码。",
		"link_used":             "此链接已使用或无效。",
		"password_mismatch":     "两次输入的密码不一致。",
		"password_too_short":    "密码至少需要 {min} 个字符。",
		"password_too_long":     "密码最多 {max} 个字符。",
		"password_common":       "这个密码太常见，容易被猜到，请换一个。",
		"password_is_about_you": "密码不要使用您的姓名、手机号、工号或邮箱。",
		"name_missing":          "请填写姓名，最多 64 个字符。",
		"identifier_missing":    "请至少填写手机号、工号、邮箱中的一项。",
		"phone_malformed":       "手机号格式不正确；境外号码请以 + 和国家代码开头。",
		"staff_no_malformed":    "工号只能包含字母、数字和 . _ / -，最多 32 位。",
		"mail_malformed":        "邮箱格式不正确。",
		"identifier_taken":      "该手机号、工号或邮箱已被使用，请核对或换一项。",
	},
	kernel.En: {
		"title_login":           "Sign in",
		"title_activate":        "Set your password",
		"title_first":           "Set up the administrator account",
		"title_failed":          "Cannot be opened now",
		"identifier":            "Phone, staff number or mail",
		"password":              "Password",
		"shared":                "This is a shared computer",
		"shared_hint":           "Signs out when the browser closes or after 8 hours",
		"sign_in":               "Sign in",
		"have_code":             "First time here, or forgot your password? Enter the code from your administrator",
		"need_help":             "Trouble signing in? Ask your administrator",
		"need_help_nobody":      "Trouble signing in? Ask your company's administrator.",
		"code":                  "Code",
		"code_hint":             "12 characters from your administrator; capitals do not matter",
		"password_new":          "New password",
		"password_rule":         "At least 10 characters; a sentence you remember is fine",
		"password_repeat":       "New password again",
		"set_password":          "Save and sign in",
		"to_login":              "Back to sign in",
		"hello":                 "Hello {name}, please choose a password.",
		"first_lead":            "You become this company's first administrator. This link works once.",
		"first_closed":          "This link has been used or is not valid. If you have an account, sign in.",
		"first_identifiers":     "How you sign in (at least one)",
		"first_submit":          "Set up and sign in",
		"name":                  "Name",
		"phone":                 "Phone",
		"staff_no":              "Staff number",
		"mail":                  "Mail",
		"sign_in_wrong":         "Name or password is wrong, or the account is not active yet.",
		"too_many_attempts":     "Too many attempts. Try again in {minutes} minutes, or ask your administrator.",
		"sign_in_busy":          "Many people are signing in right now. Try again in a moment.",
		"try_again_later":       "The service is not available right now. Try again in a moment.",
		"internal":              "Something unexpected happened. Try again in a moment.",
		"code_invalid":          "This code is wrong, used or expired. Ask your administrator for a new one.",
		"link_used":             "This link has been used or is not valid.",
		"password_mismatch":     "The two passwords are not the same.",
		"password_too_short":    "The password needs at least {min} characters.",
		"password_too_long":     "The password may have at most {max} characters.",
		"password_common":       "This password is common and easy to guess. Choose another.",
		"password_is_about_you": "Do not use your name, phone, staff number or mail as password.",
		"name_missing":          "Enter a name of at most 64 characters.",
		"identifier_missing":    "Enter at least one of phone, staff number and mail.",
		"phone_malformed":       "This phone number is not valid; outside mainland China begin with + and the country code.",
		"staff_no_malformed":    "A staff number has letters, digits and . _ / - only, at most 32.",
		"mail_malformed":        "This mail address is not valid.",
		"identifier_taken":      "This phone, staff number or mail is already in use. Check it or choose another.",
	},
}

// text gives a message with its parameters put in; an unknown key gives that of
// "internal", so that nobody ever reads a key.
func text(locale kernel.Locale, key string, params kernel.Params) string {
	message, ok := messages[locale][key]
	if !ok {
		message = messages[locale]["internal"]
	}
	for name, value := range params {
		message = strings.ReplaceAll(message, "{"+name+"}", fmt.Sprint(value))
	}
	return message
}
