// The operations by the client of @hey-api/openapi-ts.
import { createChat, getChat, getChatHistory, getChatMessage, getChats, sendFileToChat, sendMessageToChat } from './heyapi/index.js'
import { client } from './heyapi/client.gen.js'
import { expect } from './expect.js'

client.setConfig({ baseUrl: process.argv[2], auth: (scheme) => (scheme.type === 'apiKey' ? 'key' : undefined) })
const path = { businessId: 12345 }

const created = await createChat({ path, body: { context: { type: 'RETURN', id: 102 } } })
const chatId = created.data?.result?.chatId
if (chatId === undefined) throw new Error(`no chat: ${JSON.stringify(created.error)}`)

const sent = await sendMessageToChat({ path, query: { chatId }, body: { message: 'Your money is on its way.' } })
expect('status of the send', sent.data?.status, 'OK')

const read = await getChat({ path, query: { chatId } })
expect('status of the chat', read.data?.result?.status, 'WAITING_FOR_CUSTOMER')
expect('return of the chat', read.data?.result?.context.returnId, 102)

const found = await getChats({ path, body: { contextTypes: ['RETURN'] } })
expect('chats that were found', found.data?.result?.chats.map((c) => c.chatId), [chatId])

const history = await getChatHistory({ path, query: { chatId }, body: {} })
const [message] = history.data?.result?.messages ?? []
expect('the message', [message.sender, message.message], ['PARTNER', 'Your money is on its way.'])

const one = await getChatMessage({ path, query: { chatId, messageId: message.messageId } })
expect('the message alone', one.data?.result, message)

const file = new File(['a photo'], 'Фото №1.jpg')
const uploaded = await sendFileToChat({ path, query: { chatId }, body: { file } })
expect('status of the file', uploaded.data?.status, 'OK')
const [withFile] = (await getChatHistory({ path, query: { chatId }, body: {} })).data?.result?.messages ?? []
expect('the file', [withFile.payload?.[0].name, withFile.payload?.[0].size], ['Фото №1.jpg', 7])

const missing = await getChat({ path, query: { chatId: 1 } })
expect('code of an unknown chat', missing.error?.errors?.[0].code, 'NOT_FOUND')
