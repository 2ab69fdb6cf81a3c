import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.prompts import PromptError, column_template, render

ROW = {"text": "hi", "category": "card", "Customer id": 3}


def test_a_prompt_keeps_every_space_and_line_break():
    assert render(" {{ text }}\n\nIntent:\n", ROW) == " hi\n\nIntent:\n"


def test_a_column_whose_name_is_no_word_is_reached_by_its_name_in_quotes():
    assert render('{{ columns["Customer id"] }}', ROW) == "3"


def test_a_template_in_a_column_is_text():
    assert render("{{ text }}", {"text": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


@given(
    name=st.text(min_size=1, max_size=8),
    cell=st.text(max_size=20),
)
def test_any_column_has_a_template_that_gives_it_as_it_is(name, cell):
    assert render(column_template(name), {name: cell}) == cell


ODD_NAMES = ("class", "columns", "none", "not", "range", 'say "hi\\', "a\r\nb")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_mean_something_else_have_a_template_too(name):
    assert render(column_template(name), {name: "cell"}) == "cell"


def test_a_misspelt_column_is_named_with_the_line_and_the_columns():
    with pytest.raises(PromptError) as caught:
        render("Say:\n{{ txt }}", ROW)
    assert str(caught.value) == (
        "prompt line 2: there is no column 'txt' (did you mean 'text'?); "
        "columns: text, category, Customer id"
    )
    assert (caught.value.line, caught.value.column) == (2, "txt")
    assert caught.value.template == "Say:\n{{ txt }}"


def test_a_misspelt_name_in_quotes_is_named_too():
    with pytest.raises(PromptError, match="there is no column 'zzz'; columns: none"):
        render('{{ columns["zzz"] }}', {})


@pytest.mark.parametrize("template", ["{{ category }}", '{{ columns["category"] }}'])
def test_the_target_column_is_withheld(template):
    with pytest.raises(PromptError, match="'category' is the target column, which no prompt may"):
        render(template, ROW, target="category")


def test_a_loop_over_all_columns_leaves_the_target_out():
    template = "{% for name in columns %}{{ name }};{% endfor %}"
    assert render(template, ROW, target="category") == "text;Customer id;"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a\n{% if %}", "prompt line 2: Expected an expression"),
        ("{{ text|shout }}", "prompt line 1: No filter named 'shout'"),
        ("{{ text.foo }}", "prompt line 1: 'str object' has no attribute 'foo'"),
        ("{{ 1 / 0 }}", "prompt line 1: division by zero"),
        ("{{ text + 1 }}", "prompt line 1: can only concatenate"),
        ("{{ text.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ columns.clear() }}", "access to attribute 'clear'"),
        ("{{ text * 1000 }}", r"a prompt may not use \* here"),
        ("{{ 9 ** 9 }}", r"a prompt may not use \*\* here"),
        ("{% for i in range(9) %}{% endfor %}", "there is no column 'range'"),
        ("{{ text.ljust(10000000000) }}", "may not use numbers over 10,000 here"),
        ("{{ text|center(width=1000000000) }}", "may not use numbers over 10,000 here"),
        ("{{ 'ab'|batch(1000000000, 'x')|list }}", "may not use numbers over 10,000 here"),
        ("{{ '{:1000000000}'.format(1) }}", "may not use format"),
        ("{{ '%1000000000d'|format(1) }}", "No filter named 'format'"),
        ("{{ '%1000000000d' % 1 }}", "may not use % here"),
        ("{" * 3000, "nested too deep or too large"),
        ("{% for x in text %}" * 30 + "{% endfor %}" * 30, "nested too deep or too large"),
        ("{{ " + "9" * 5000 + " }}", "nested too deep or too large"),
    ],
)
def test_what_a_template_may_not_do_is_said_with_its_line(template, message):
    with pytest.raises(PromptError, match=message):
        render(template, ROW)


def test_filters_take_widths_and_values_that_are_reasonable():
    template = "{{ text|indent(2) }} {{ n|round }} {{ text|batch(2)|list|length }} {{ 7 % 4 }}"
    assert render(template, {"text": "ab", "n": 123456789}) == "ab 123456789 1 3"


def test_numbers_may_be_multiplied():
    assert render("{{ n * 2 }}", {"n": 4}) == "8"


def test_an_error_outside_the_template_has_no_line():
    error = PromptError("broken", template="x")
    assert str(error) == "prompt: broken"
    assert error.line is None
