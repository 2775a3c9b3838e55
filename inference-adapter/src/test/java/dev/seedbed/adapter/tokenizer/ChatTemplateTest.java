package dev.seedbed.adapter.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.seedbed.adapter.TestingRepository;
import dev.seedbed.adapter.wire.AdapterException;
import dev.seedbed.adapter.wire.ErrorCode;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {

    private static final Tokenizer TOKENIZER = TestingRepository.shippedTokenizer();

    @Test
    void rendersTheConstructsThatPublishedTemplatesUse() {
        String template = """
                {%- set state = namespace(turns=0) -%}
                {%- if messages[0]['role'] == 'system' -%}
                  {%- set rest = messages[1:] -%}
                [{{ messages[0]['content'] | trim }}]
                {%- else -%}
                  {%- set rest = messages -%}
                {%- endif -%}
                {%- for message in rest -%}
                  {%- set state.turns = state.turns + 1 -%}
                  {{- '<' ~ message.role ~ '>' + message['content'].strip() -}}
                  {%- if not loop.last -%}|{%- endif -%}
                {%- endfor -%}
                {%- if add_generation_prompt is defined and add_generation_prompt -%}={{ state.turns }}{{ eos_token }}{%- endif -%}
                """;
        String text = render(
                template,
                new ChatTurn("system", " be brief "),
                new ChatTurn("user", " hello "),
                new ChatTurn("assistant", "hi"));
        assertThat(text).isEqualTo("[be brief]<user>hello|<assistant>hi=2<|end|>");
    }

    @Test
    void doesNotReadWhatUsersWroteAsATemplate() {
        assertThat(render("{{ messages[0].content }}", new ChatTurn("user", "{{ 1 + 1 }}{% if x %}{# y #}")))
                .isEqualTo("{{ 1 + 1 }}{% if x %}{# y #}");
    }

    @Test
    void doesNotEscapeWhatUsersWrote() {
        assertThat(render("{{ messages[0].content }}", new ChatTurn("user", "a < b && \"c\" > 'd'")))
                .isEqualTo("a < b && \"c\" > 'd'");
    }

    @Test
    void aTemplateRefusesMessagesInItsOwnWords() {
        assertRefused("{{ raise_exception('roles must alternate') }}", "roles must alternate");
    }

    @Test
    void aBrokenTemplateIsAnError() {
        assertRefused("{% for message in messages %}", "");
    }

    @Test
    void aTemplateReachesNoFile() {
        assertRefused("{% include 'tokenizer.json' %}", "");
    }

    @Test
    void aTemplateReachesNoClass() {
        assertRefused("{{ ''.getClass().forName('java.lang.Runtime') }}", "");
    }

    private static void assertRefused(String template, String message) {
        assertThatThrownBy(() -> render(template, new ChatTurn("user", "x")))
                .isInstanceOfSatisfying(
                        AdapterException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessageContaining(message);
    }

    private static String render(String template, ChatTurn... turns) {
        RenderedChat chat = new ChatTemplate(template).render(List.of(turns), TOKENIZER, "<|end|>");
        return chat.unmark(chat.text());
    }
}
