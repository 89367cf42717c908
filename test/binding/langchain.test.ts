import { langchain } from "./langchain.ts";
import { describeBinding } from "./suite.ts";

describeBinding(langchain, {
  "argument text: LangChain's model classes parse the text, leniently, before any tool or agent sees it": 10,
});
