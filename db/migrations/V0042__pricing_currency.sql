-- What a version says would change with its list's currency.

CREATE FUNCTION price_list_refuse_other_currency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'currency of price list % cannot change: % (refused: %)', OLD.name, OLD.currency, NEW.currency;
END
$$;

CREATE TRIGGER price_list_keeps_its_currency BEFORE UPDATE ON price_list
    FOR EACH ROW WHEN (NEW.currency <> OLD.currency) EXECUTE FUNCTION price_list_refuse_other_currency();
