package gateway

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"atrium.dev/atrium/internal/gateway/routes"
)

// notice is what the gateway says itself when no answer of an app can be had. Code
// is stable: the app's page translates it.
type notice struct {
	status  int
	code    string
	zh, en  wording
	retry   int  // seconds until it is worth trying again; 0: trying again does not help
	refresh bool // the page tries again by itself
	close   bool // the connection holds the rest of a request that nobody reads
}

// wording may name the company: %s in a title is its name.
type wording struct{ title, text string }

var (
	unknownHost = notice{
		status: http.StatusNotFound, code: "gateway_unknown_host",
		zh: wording{"这个地址没有办公室", "请检查网址是否有拼写错误，或向贵公司的管理员询问正确的地址。"},
		en: wording{"No office at this address", "Check the address for typing errors, or ask your administrator for the right one."},
	}
	gatewayStarting = notice{
		status: http.StatusServiceUnavailable, code: "gateway_starting", retry: 3, refresh: true,
		zh: wording{"平台正在启动", "一般只需几秒钟。本页会自动刷新，无需操作。"},
		en: wording{"The platform is starting", "This takes a few seconds as a rule. The page refreshes by itself."},
	}
	officeStarting = notice{
		status: http.StatusServiceUnavailable, code: "gateway_office_starting", retry: 3, refresh: true,
		zh: wording{"%s的办公室正在启动", "一般不到一分钟。本页会自动刷新，无需操作。"},
		en: wording{"The office of %s is starting", "This takes less than a minute as a rule. The page refreshes by itself."},
	}
	officeFailed = notice{
		status: http.StatusServiceUnavailable, code: "gateway_office_failed", retry: 60, refresh: true,
		zh: wording{"%s的办公室暂时无法使用", "平台需要先排除一个故障。请稍后再来；如果长时间没有恢复，请联系贵公司的管理员。"},
		en: wording{"The office of %s is not available", "The platform has a fault to mend first. Come back later, or tell your administrator if it lasts."},
	}
	officeSuspended = notice{
		status: http.StatusServiceUnavailable, code: "gateway_suspended", retry: 600, refresh: true,
		zh: wording{"%s的办公室已暂停使用", "数据完好保留，恢复后可继续使用。如有疑问，请联系贵公司的管理员。"},
		en: wording{"The office of %s is suspended", "All data is kept and will be there when it opens again. Your administrator can tell you more."},
	}
	officeSilent = notice{
		status: http.StatusBadGateway, code: "gateway_office_silent", retry: 5, refresh: true,
		zh: wording{"%s的办公室没有应答", "可能正在重新启动。本页会自动重试，您的数据不受影响。"},
		en: wording{"The office of %s does not answer", "It may be restarting. The page tries again by itself; your data is not affected."},
	}
	brokeOff = notice{
		status: http.StatusBadGateway, code: "gateway_broke_off", retry: 5,
		zh: wording{"连接中断", "处理请求时连接中断，操作可能没有完成。请检查结果后再重试。"},
		en: wording{"The connection broke off", "It is not certain that your request was carried out. Look before you try again."},
	}
	tookTooLong = notice{
		status: http.StatusGatewayTimeout, code: "gateway_took_too_long", retry: 30,
		zh: wording{"处理时间过长", "操作可能仍在进行。请稍后检查结果，不要马上重复提交。"},
		en: wording{"This took too long", "It may still be running. Look at the result later before you send it again."},
	}
	bodyBroken = notice{
		status: http.StatusRequestTimeout, code: "gateway_upload_broken", close: true,
		zh: wording{"上传中断", "请求没有完整送达，请检查网络后重试。"},
		en: wording{"The upload broke off", "The request did not arrive as a whole. Check your network and try again."},
	}
	tooLarge = notice{
		status: http.StatusRequestEntityTooLarge, code: "gateway_too_large", close: true,
		zh: wording{"文件太大", "贵公司的套餐一次最多可上传 %s。"},
		en: wording{"Too large", "The plan of your company allows %s at a time."},
	}
	tooMany = notice{
		status: http.StatusTooManyRequests, code: "gateway_too_many_requests",
		zh: wording{"请求过于频繁", "请等待 %d 秒后重试。"},
		en: wording{"Too many requests", "Try again in %d seconds."},
	}
	methodRefused = notice{
		status: http.StatusMethodNotAllowed, code: "gateway_method_refused",
		zh: wording{"不支持这种请求方法", "请用浏览器打开本页。"},
		en: wording{"This method is not supported", "Open this page with a browser."},
	}
)

// after says when there will be room again.
func (n notice) after(wait time.Duration) notice {
	n.retry = max(1, int(math.Ceil(wait.Seconds())))
	n.zh.text = fmt.Sprintf(n.zh.text, n.retry)
	n.en.text = fmt.Sprintf(n.en.text, n.retry)
	return n
}

// allowing names the largest request of the plan.
func (n notice) allowing(bytes int64) notice {
	size := fmt.Sprintf("%.4g MB", float64(bytes)/(1<<20))
	n.zh.text = fmt.Sprintf(n.zh.text, size)
	n.en.text = fmt.Sprintf(n.en.text, size)
	return n
}

// naming puts the company's name into titles that have a place for it.
func (n notice) naming(route *routes.Route) notice {
	switch n.code {
	case officeStarting.code, officeFailed.code, officeSuspended.code, officeSilent.code:
		n.zh.title = fmt.Sprintf(n.zh.title, route.DisplayName)
		n.en.title = fmt.Sprintf(n.en.title, route.DisplayName)
	}
	return n
}
