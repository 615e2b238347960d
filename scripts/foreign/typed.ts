// The operations by openapi-fetch, with the types of openapi-typescript.
import createClient from 'openapi-fetch'
import type { paths } from './schema.js'
import { expect } from './expect.js'

const client = createClient<paths>({ baseUrl: process.argv[2], headers: { 'Api-Key': 'key' } })
const businessId = 12345

const created = await client.POST('/businesses/{businessId}/chats/new', {
  params: { path: { businessId } },
  body: { context: { type: 'ORDER', id: 101 } },
})
const chatId = created.data?.result?.chatId
if (chatId === undefined) throw new Error(`no chat: ${JSON.stringify(created.error)}`)

const sent = await client.POST('/businesses/{businessId}/chats/message', {
  params: { path: { businessId }, query: { chatId } },
  body: { message: 'Your order is on its way.' },
})
expect('status of the send', sent.data?.status, 'OK')

const read = await client.GET('/businesses/{businessId}/chat', { params: { path: { businessId }, query: { chatId } } })
expect('status of the chat', read.data?.result?.status, 'WAITING_FOR_CUSTOMER')
expect('order of the chat', read.data?.result?.context.orderId, 101)

const waiting = await client.POST('/businesses/{businessId}/chats', {
  params: { path: { businessId }, query: { limit: 20 } },
  body: { contexts: [{ type: 'ORDER', id: 101 }], statuses: ['WAITING_FOR_CUSTOMER'] },
})
expect('chats that were found', waiting.data?.result?.chats.map((c) => c.chatId), [chatId])

const history = await client.POST('/businesses/{businessId}/chats/history', {
  params: { path: { businessId }, query: { chatId, limit: 100 } },
  body: {},
})
const [message] = history.data?.result?.messages ?? []
expect('the message', [message.sender, message.message], ['PARTNER', 'Your order is on its way.'])

const one = await client.GET('/businesses/{businessId}/chats/message', {
  params: { path: { businessId }, query: { chatId, messageId: message.messageId } },
})
expect('the message alone', one.data?.result, message)

const form = new FormData()
form.append('file', new Blob(['a photo']), 'Фото №1.jpg')
const uploaded = await client.POST('/businesses/{businessId}/chats/file/send', {
  params: { path: { businessId }, query: { chatId } },
  body: { file: '' }, // the type of a binary; the serializer sends the form
  bodySerializer: () => form,
})
expect('status of the file', uploaded.data?.status, 'OK')
const [withFile] = (
  await client.POST('/businesses/{businessId}/chats/history', {
    params: { path: { businessId }, query: { chatId } },
    body: {},
  })
).data?.result?.messages ?? []
expect('the file', [withFile.payload?.[0].name, withFile.payload?.[0].size], ['Фото №1.jpg', 7])

const missing = await client.GET('/businesses/{businessId}/chat', { params: { path: { businessId }, query: { chatId: 1 } } })
expect('code of an unknown chat', missing.error?.errors?.[0].code, 'NOT_FOUND')
