import { describe, expect, it } from 'vitest';
import { translator } from '../i18n/translate';
import zh from '../i18n/zh-CN';
import { ApiError, explain, fieldMessages, isStale, toApiError } from './problem';

const t = translator('zh-CN', zh);

describe('a refusal', () => {
  it('is told by its code, with its values', () => {
    const error = toApiError(409, { code: 'department_not_empty', params: { people: 12, departments: 2 } });
    expect(explain(error, t)).toBe('部门里还有 12 人、2 个下级部门，不能删除');
  });

  it('of an unknown code is told by its status', () => {
    expect(explain(toApiError(403, { code: 'something_new' }), t)).toBe('没有权限进行这个操作');
    expect(explain(toApiError(502, '<html>'), t)).toBe('服务器正忙，请稍后再试');
    expect(explain(toApiError(418, {}), t)).toBe('出了意外的问题，请再试一次');
  });

  it('never shows what is no ApiError', () => {
    expect(explain(new Error('secret'), t)).toBe('出了意外的问题，请再试一次');
  });

  it('names the inputs at fault', () => {
    const error = toApiError(422, {
      code: 'phone_invalid',
      errors: [
        { field: 'body.phone', code: 'phone_invalid' },
        { field: 'body.name', code: 'name_too_long', params: { max: 64 } },
      ],
    });
    expect(fieldMessages(error, t)).toEqual({
      phone: '手机号不正确：大陆手机号 11 位，其他地区以 + 和区号开头',
      name: '名称最多 64 个字',
    });
  });

  it('keeps the request id for the administrator', () => {
    expect(toApiError(500, { code: 'internal', requestId: 'r-1' }).requestId).toBe('r-1');
    expect(toApiError(500, 'no json', 'r-2').requestId).toBe('r-2');
  });

  it('of an old version is known as such', () => {
    expect(isStale(new ApiError(412, 'version_stale'))).toBe(true);
    expect(isStale(new ApiError(409, 'phone_taken'))).toBe(false);
  });
});
