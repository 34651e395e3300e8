// 文件、评论、日历：服务器拒绝时说的话。
export default {
  'error.calendar_without_work': '工作日历在 {days} 天内没有足够的工作时间，请管理员检查',
  'error.comment_unknown': '没有这条评论',
  'error.day_unknown': '没有这一天',
  'error.file_damaged': '文件在上传途中损坏，请重新上传',
  'error.file_kind_unknown': '这里不能添加文件',
  'error.file_type_refused': '这里不能添加这种文件',
  'error.files_waiting': '有 {max} 个文件还没有发出，请先发出或稍后再试',
  'error.hours_invalid': '工作时间不正确：各段要按先后排列，不能重叠',
  'error.not_your_own': '只能删除自己的内容',
  'error.object_unknown': '没有这个内容，或你看不到它',
  'error.offset_other': '上传的位置不对，请重试',
  'error.part_cut_off': '上传中断，请重试',
  'error.part_malformed': '上传的请求不正确，请重试',
  'error.part_size_wrong': '上传的分段大小不对，请重试',
};
